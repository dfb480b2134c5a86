import { onTestFinished, test } from 'vitest'
import type { Entry, WatchOptions } from './page-kit.ts'
import { Site, stream, type Answer } from './site.ts'
import type { PageTarget, Script, Target } from './targets.ts'

/** What a test of one rule can do with its target. */
export class Trial {
  readonly target: Target
  readonly #sites: Site[] = []
  #opening: Promise<void> | undefined

  constructor(target: Target) {
    this.target = target
  }

  /** Starts a server of streams. The first one is also the origin of the page. */
  async serve(answer: Answer, options: { readonly allows?: boolean } = {}): Promise<Site> {
    const script = this.target.isWorker ? (this.target as PageTarget).script : ''
    const site = await new Site(answer, script, options.allows).listen()
    this.#sites.push(site)
    onTestFinished(() => site.close())
    return site
  }

  /** Runs a function in the target. It can use nothing but its arguments. */
  async run<Arg, Result>(script: Script<Arg, Result>, arg: Arg): Promise<Result> {
    this.#opening ??= this.#open()
    await this.#opening
    return this.target.run(script, arg)
  }

  async #open(): Promise<void> {
    onTestFinished(() => this.target.leave())
    await this.target.open(this.#sites[0] ?? (await this.serve((_, response) => stream(response))))
  }

  watch(url: string, options: WatchOptions = {}): Promise<Entry[]> {
    return this.run((kit, [address, given]) => kit.watch(address, given), [url, options] as const)
  }

  /** The messages of a stream of this text. */
  async read(text: string | Uint8Array, types: readonly string[] = []): Promise<Entry[]> {
    const { url } = await this.serve((_, response) => {
      stream(response, text)
      response.write('\n\nevent: end\ndata\n\n')
    })
    const entries = await this.watch(url, { types })
    return entries.filter(({ type, data }) => data !== undefined && type !== 'end')
  }

  /** The data of the messages of a stream of this text. */
  async readData(text: string | Uint8Array): Promise<unknown[]> {
    return (await this.read(text)).map(({ data }) => data)
  }

  /** What happens when requests are answered one after the other with these texts, then with 204. */
  async visits(texts: readonly string[], options: WatchOptions = {}): Promise<Visits> {
    const site = await this.serve((_, response, n) => {
      const text = texts[n]
      if (text === undefined) response.writeHead(204).end()
      else stream(response, text).end()
    })
    const entries = await this.watch(site.url, options)
    const ids = site.asked.map(({ headers }) => {
      const id = headers['last-event-id']
      return id === undefined ? undefined : Buffer.from(String(id), 'latin1').toString()
    })
    const messages = entries.filter(({ data }) => data !== undefined)
    return { entries, messages, ids, site }
  }

  get preflights(): number {
    return this.#sites.reduce((sum, site) => sum + site.preflights, 0)
  }
}

export interface Visits {
  readonly entries: Entry[]
  readonly messages: Entry[]
  /** The `Last-Event-ID` of each request. */
  readonly ids: (string | undefined)[]
  readonly site: Site
}

/** Registers the tests of a target. */
export type Rules = (target: Target, rule: Rule) => void

/** A test of the row with this id. */
export type Rule = (id: string, title: string, body: (trial: Trial) => Promise<void>) => void

/** Makes `rule` for a target. @param seen Keeps the ids. */
export function rulesOf(target: Target, seen: Set<string>): Rule {
  return (id, title, body) => {
    seen.add(id)
    test(`${id} ${title}`, async () => {
      const trial = new Trial(target)
      await body(trial)
      // Whatever is asked for, no server is asked for leave first.
      if (trial.preflights > 0) throw new Error(`${trial.preflights} preflights were sent`)
    })
  }
}

/** The events in short: type and `readyState`. */
export function brief(entries: readonly Entry[]): string[] {
  return entries.map(({ type, readyState }) => `${type} ${readyState}`)
}
