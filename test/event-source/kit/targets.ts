import { fileURLToPath } from 'node:url'
import { EventSource as Ours } from '@heartline/client'
import { chromium, type Browser, type Page } from 'playwright-core'
import { rolldown } from 'rolldown'
import { createKit, type Kit } from './page-kit.ts'
import { Site } from './site.ts'

/** A function that stands on its own feet: it is sent to the target as text. */
export type Script<Arg, Result> = (kit: Kit, arg: Arg) => Result | Promise<Result>

/** Where an `EventSource` runs. */
export interface Target {
  readonly name: string
  /** Ours, or the browser's own, which says whether the tests themselves are right. */
  readonly isOurs: boolean
  readonly isBrowser: boolean
  /** Its page is of another origin than the streams. */
  readonly isFar: boolean
  readonly isWorker: boolean
  /** Goes to a fresh page, for streams of this site. */
  open(site: Site): Promise<void>
  run<Arg, Result>(script: Script<Arg, Result>, arg: Arg): Promise<Result>
  /** Ends what the last test left behind. */
  leave(): Promise<void>
}

/** The scripts that a page or worker runs first. */
export interface Bundles {
  readonly ours: string
  readonly native: string
}

export async function bundle(): Promise<Bundles> {
  return { ours: await build('in-page.ts'), native: await build('in-page-native.ts') }
}

async function build(file: string): Promise<string> {
  const entry = await rolldown({
    input: fileURLToPath(new URL(file, import.meta.url)),
    platform: 'browser',
    resolve: { conditionNames: ['@heartline/source'] },
  })
  // As small as for users: names are lost on the way.
  const { output } = await entry.generate({ format: 'iife', minify: true })
  await entry.close()
  return output[0].code
}

export function launch(): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-sync']
  return chromium.launch({ executablePath: '/usr/bin/chromium', args })
}

/** Our class in this process. */
export class NodeTarget implements Target {
  readonly name = 'Node.js'
  readonly isOurs = true
  readonly isBrowser = false
  readonly isFar = false
  readonly isWorker = false
  readonly #kit = createKit(Ours)

  async open(): Promise<void> {}

  async run<Arg, Result>(script: Script<Arg, Result>, arg: Arg): Promise<Result> {
    return script(this.#kit, arg)
  }

  async leave(): Promise<void> {}
}

interface PageKind {
  readonly name: string
  readonly isOurs?: boolean
  readonly isFar?: boolean
  readonly isWorker?: boolean
}

/** A page of Chromium, or a worker of it. */
export class PageTarget implements Target {
  readonly name: string
  readonly isOurs: boolean
  readonly isBrowser = true
  readonly isFar: boolean
  readonly isWorker: boolean
  #script = ''
  #page: Page | undefined
  #far: Site | undefined

  constructor({ name, isOurs = true, isFar = false, isWorker = false }: PageKind) {
    this.name = name
    this.isOurs = isOurs
    this.isFar = isFar
    this.isWorker = isWorker
  }

  async start(browser: Browser, bundles: Bundles): Promise<void> {
    this.#page = await (await browser.newContext()).newPage()
    this.#script = this.isOurs ? bundles.ours : bundles.native
    this.#far = await new Site(() => {}).listen()
  }

  stop(): void {
    this.#far?.close()
  }

  /** The script that a worker of a site begins with. */
  get script(): string {
    return this.#script
  }

  get page(): Page {
    if (this.#page === undefined) throw new Error('No page is open')
    return this.#page
  }

  async open(site: Site): Promise<void> {
    const { page } = this
    await page.goto(`${this.isFar ? this.#far?.origin : site.origin}/page/here`)
    if (this.isWorker) await page.evaluate(startWorker)
    else await page.evaluate(this.#script)
  }

  run<Arg, Result>(script: Script<Arg, Result>, arg: Arg): Promise<Result> {
    const evaluate = (this.isWorker ? askWorker : runHere) as (call: unknown) => unknown
    return this.page.evaluate(evaluate, [String(script), arg]) as Promise<Result>
  }

  async leave(): Promise<void> {
    await this.page.goto('about:blank')
    await this.page.context().clearCookies()
  }
}

interface PageGlobals {
  readonly kit: Kit
  worker: Worker
  asked: number
}

function runHere([source, arg]: [string, unknown]): unknown {
  const { kit } = globalThis as unknown as PageGlobals
  // oxlint-disable-next-line no-eval -- The script is a function of these tests.
  return (0, eval)(`(${source})`)(kit, arg)
}

function startWorker(): void {
  const globals = globalThis as unknown as PageGlobals
  globals.worker = new Worker('/worker.js')
  globals.asked = 0
}

function askWorker([source, arg]: [string, unknown]): Promise<unknown> {
  const globals = globalThis as unknown as PageGlobals
  const { worker } = globals
  const id = ++globals.asked
  return new Promise((resolve, reject) => {
    worker.addEventListener('message', ({ data: [answered, result, problem] }) => {
      if (answered !== id) return
      if (problem === undefined) resolve(result)
      else reject(new Error(problem))
    })
    worker.postMessage([id, source, arg])
  })
}
