import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserMissing, launch } from '../kit/chromium.ts'
import { seededRandom, wholeBetween, type Random } from '../kit/random.ts'
import { sleep } from '../kit/wait-for.ts'
import { eachOnce, Numbers, type DrivenTab } from './kit/browser.ts'
import { Stage } from './kit/stage.ts'
import { WAYS } from './kit/ways.ts'

const missing = browserMissing()
/** The long form: `CROWD_SECONDS=60 CROWD_SEED=7 npx vitest run test/browser/crowd.test.ts`. */
const SECONDS = Number(process.env['CROWD_SECONDS'] ?? 15)
const SEED = Number(process.env['CROWD_SEED'] ?? 8420)
const MOST_TABS = 20

/** What a tab asks for, and how far apart the numbers are that it gets. */
const KINDS = [
  { topics: ['*'], step: 1 },
  { topics: ['n'], step: 2 },
  { topics: ['n', 'm'], step: 1 },
]

interface Member {
  readonly tab: DrivenTab
  readonly step: number
}

/** Tabs that come and go at random, each with a ledger of its own. */
class Crowd {
  readonly members: Member[] = []
  /** Ways in which tabs ended, with how often. */
  readonly ends: Record<string, number> = { closed: 0, crashed: 0, reloaded: 0, cut: 0 }
  opened = 0
  readonly #stage: Stage
  readonly #options: object
  readonly #random: Random

  constructor(stage: Stage, options: object, random: Random) {
    this.#stage = stage
    this.#options = options
    this.#random = random
  }

  async step(): Promise<void> {
    const { length } = this.members
    const luck = this.#random()
    if (length < 2 || (luck < 0.6 && length < MOST_TABS)) return this.#open()
    if (luck < 0.65) return this.#cut()
    const [member] = this.members.splice(wholeBetween(this.#random, 0, length - 1), 1)
    if (member !== undefined) await this.#end(member)
  }

  /** Every number between the first and the last that the tab saw is there, once and in order. */
  async check({ tab, step }: Member): Promise<void> {
    const seen = await tab.seen()
    const [last] = seen.slice(-1)
    expect(await tab.gaps()).toEqual([])
    if (last !== undefined) expect(seen).toEqual(eachOnce(seen, last, step))
  }

  async #open(): Promise<void> {
    const kind = KINDS[wholeBetween(this.#random, 0, KINDS.length - 1)]
    if (kind === undefined) return
    const tab = await this.#stage.open()
    await tab.read(kind.topics, this.#options)
    this.members.push({ tab, step: kind.step })
    this.opened++
    // Not all of them are to come to rest before the next thing happens.
    await sleep(wholeBetween(this.#random, 0, 150))
  }

  #cut(): void {
    this.#count('cut')
    this.#stage.site.cut()
  }

  async #end(member: Member): Promise<void> {
    const { tab } = member
    const luck = this.#random()
    await this.check(member)
    if (luck < 0.25) {
      this.#count('crashed')
      await tab.crash()
    } else if (luck < 0.4) {
      this.#count('reloaded')
      await tab.page.reload()
    } else this.#count('closed')
    await tab.close()
  }

  #count(end: string): void {
    this.ends[end] = (this.ends[end] ?? 0) + 1
  }
}

describe.skipIf(missing !== undefined)('twenty tabs that come and go', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launch()))
  afterAll(() => browser.close())

  test.each(WAYS)(
    'with %s: each has every event once, and in the end they share one stream',
    async (_, options) => {
      const stage = await Stage.set(browser)
      const numbers = new Numbers(stage.site, ['n', 'm'])
      const crowd = new Crowd(stage, options, seededRandom(SEED))
      const until = Date.now() + SECONDS * 1000
      while (Date.now() < until) await crowd.step()
      const { members, opened, ends } = crowd
      for (const { tab } of members) await tab.untilSeen(numbers.last + (numbers.last % 2))
      await numbers.stop()
      for (const member of members) await crowd.check(member)
      await stage.untilShared(Math.min(members.length, 1))
      console.log(`seed ${SEED}: ${opened} tabs, ${JSON.stringify(ends)}, ${numbers.last} events`)
    },
    SECONDS * 1000 + 120_000,
  )
})
