import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { waitFor } from '../../kit/wait-for.ts'
import { Tab } from './tab.ts'
import type { Site } from './site.ts'

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--remote-debugging-pipe',
]

interface Answer {
  readonly id?: number
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

/**
 * Chromium as a person has it, with tabs in one window. Playwright tells every page that it is
 * visible and has the focus; such a page is never frozen, and it loses sight of those that come
 * out of the back/forward cache.
 */
export class PlainBrowser {
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #calls = 0
  #text = ''

  constructor(child: ChildProcess, folder: string) {
    this.#child = child
    this.#folder = folder
    const pipe = child.stdio[4] as Readable
    pipe.setEncoding('utf8').on('data', (text: string) => this.#read(text))
  }

  /** @param kept The folder of one that was killed: it goes on with what that had written. */
  static async launch(kept?: string): Promise<PlainBrowser> {
    const folder = kept ?? (await mkdtemp(join(tmpdir(), 'heartline-chromium-')))
    const child = spawn('/usr/bin/chromium', [...FLAGS, `--user-data-dir=${folder}`], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    })
    return new PlainBrowser(child, folder)
  }

  /** A new tab in front of the others. */
  async open(site: Site): Promise<PlainTab> {
    const { targetId } = await this.send('Target.createTarget', { url: site.url })
    const attached = await this.send('Target.attachToTarget', { targetId, flatten: true })
    const tab = new PlainTab(this, String(targetId), String(attached['sessionId']))
    await tab.load()
    return tab
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.send('Browser.close').catch(() => {})
    await ended
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  /** `kill -9`. @returns The folder of its profile, which stays. */
  async kill(): Promise<string> {
    const ended = this.#child.signalCode === null ? once(this.#child, 'exit') : undefined
    this.#child.kill('SIGKILL')
    await ended
    await rm(join(this.#folder, 'SingletonLock'), { force: true })
    return this.#folder
  }

  send(method: string, params = {}, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.#calls
    const pipe = this.#child.stdio[3] as Writable
    pipe.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result = {}, error }) => {
        if (error === undefined) resolve(result)
        else reject(new Error(`${method}: ${error.message}`))
      })
    })
  }

  #read(text: string): void {
    const messages = (this.#text + text).split('\0')
    this.#text = messages.pop() ?? ''
    for (const message of messages) {
      const answer = JSON.parse(message) as Answer
      this.#waiting.get(answer.id ?? 0)?.(answer)
      this.#waiting.delete(answer.id ?? 0)
    }
  }
}

/** A tab that may be hidden, frozen and kept in the back/forward cache. */
export class PlainTab extends Tab {
  readonly #browser: PlainBrowser
  readonly #target: string
  readonly #session: string

  constructor(browser: PlainBrowser, target: string, session: string) {
    super(async (expression) => {
      const asked = { expression, returnByValue: true, awaitPromise: true }
      const { result } = await browser.send('Runtime.evaluate', asked, session)
      return (result as { readonly value?: unknown }).value
    })
    this.#browser = browser
    this.#target = target
    this.#session = session
  }

  async show(): Promise<void> {
    await this.#browser.send('Target.activateTarget', { targetId: this.#target })
  }

  /** As the browser does with a tab that is hidden for long. */
  async freeze(): Promise<void> {
    await waitFor(async () => (await this.look('document.visibilityState')) === 'hidden', {
      what: 'the tab is hidden',
    })
    await this.#lifecycle('frozen')
  }

  async resume(): Promise<void> {
    await this.#lifecycle('active')
  }

  /** To another page of the site, as by a click. */
  async leave(): Promise<void> {
    await this.look(`void setTimeout(() => location.href = '/elsewhere')`)
    await waitFor(async () => (await this.look('location.pathname')) === '/elsewhere', {
      what: 'the other page is there',
    })
  }

  async goBack(): Promise<void> {
    await this.look('void setTimeout(() => history.back())')
    await waitFor(async () => (await this.look('location.pathname')) === '/', {
      what: 'the page is back',
    })
  }

  async #lifecycle(state: string): Promise<void> {
    await this.#browser.send('Page.setWebLifecycleState', { state }, this.#session)
  }
}
