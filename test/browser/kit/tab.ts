import { waitFor } from '../../kit/wait-for.ts'

/** One tab of a site, and what it read. */
export class Tab {
  /** The value of an expression in the page. */
  readonly look: (expression: string) => Promise<unknown>

  constructor(look: (expression: string) => Promise<unknown>) {
    this.look = look
  }

  async load(): Promise<void> {
    const isThere = async (): Promise<boolean> =>
      (await this.look('window.lib !== undefined').catch(() => false)) === true
    await waitFor(isThere, { what: 'the page is there' })
  }

  async read(topics: readonly string[], options: object = {}): Promise<void> {
    await this.look(`read(${JSON.stringify(topics)}, ${JSON.stringify(options)})`)
  }

  async seen(): Promise<number[]> {
    return (await this.look('seen')) as number[]
  }

  async gaps(): Promise<unknown[]> {
    return (await this.look('gaps')) as unknown[]
  }

  async state(): Promise<string> {
    return (await this.look('client.state.name')) as string
  }

  async life(): Promise<string[]> {
    return (await this.look('life')) as string[]
  }

  /** What the browser says about the page that it loaded anew instead of keeping it. */
  async whyNotCached(): Promise<string> {
    const entry = `performance.getEntriesByType('navigation')[0]?.notRestoredReasons`
    return String(await this.look(`JSON.stringify(${entry} ?? null)`))
  }

  async untilOpen(): Promise<void> {
    await waitFor(async () => (await this.state()) === 'open', { what: 'the tab is open' })
  }

  /** Or a later one: `n` may have been published before the tab was connected. */
  async untilSeen(n: number): Promise<void> {
    let last: number[] = []
    await waitFor(async () => (last = await this.seen()).some((seen) => seen >= n), {
      what: `the tab sees ${n}`,
      report: () => `the last it saw is ${last.at(-1)} of ${last.length}`,
    })
  }
}
