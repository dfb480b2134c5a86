import { sleep, waitFor } from '../kit/wait-for.ts'
import { Account } from './account.ts'
import { Cable } from './cable.ts'
import { TYPES, type InteropClient, type InteropReader } from './clients/client.ts'
import type { Group } from './combination.ts'
import { storyEvents } from './event.ts'
import type { RunningPath } from './paths/path.ts'
import { RETRY_MS, type RunningServer } from './servers/server.ts'

/** A proxy cuts a stream that is silent for so long, and a story is silent for longer. */
const IDLE_MS = 5000
const SILENCE_MS = 6000
const PATIENCE_MS = 60_000
/** What `EventSource` waits when it was told nothing. */
const UNTOLD_RETRY_MS = 3000

/** One client in the story. */
export interface Part {
  readonly client: InteropClient
  readonly account: Account
  readonly reader: InteropReader
}

/** What a group lived through. */
export interface StoryResult {
  readonly parts: readonly Part[]
  /** Connections to the server that were cut in the middle of an event. */
  readonly cuts: number
  /** What was killed, in words. */
  readonly killed: string | undefined
  readonly protocols: readonly string[] | undefined
  /** Events that every reader must have. */
  readonly events: number
}

/**
 * All clients of a group read the same stream while its connections break: inside an event, then by
 * the death of the proxy or of the server.
 */
export async function tellStory(group: Group): Promise<StoryResult> {
  const story = new Story(group)
  try {
    return await story.tell()
  } finally {
    await story.close()
  }
}

class Story {
  readonly #group: Group
  readonly #parts: Part[] = []
  #server: RunningServer | undefined
  #cable: Cable | undefined
  #path: RunningPath | undefined
  #events = 0

  constructor(group: Group) {
    this.#group = group
  }

  async tell(): Promise<StoryResult> {
    const server = await this.#begin()
    await this.#publish(20)
    await this.#allHave('the first events')
    await this.#keepSilent()
    const cuts = await this.#cutInsideAnEvent(server)
    const killed = await this.#killSomething(server)
    // Again after everything: live, not from the history.
    await this.#publish(10)
    await this.#allHave('the last events')
    await this.#finish(server)
    const protocols = this.#path?.protocols?.()
    return { parts: this.#parts, cuts, killed, protocols, events: this.#events }
  }

  async close(): Promise<void> {
    await Promise.all(this.#parts.map(({ reader }) => reader.close()))
    await this.#path?.close()
    await this.#cable?.close()
    await this.#server?.close()
  }

  async #begin(): Promise<RunningServer> {
    const { server: kind, path, clients } = this.#group
    const server = (this.#server = await kind.start())
    const cable = (this.#cable = new Cable(server.port))
    await cable.listen()
    this.#path = await path.open({
      port: cable.port,
      // It cannot be asked to say something more often than a proxy is patient.
      idleMs: kind.heartbeatMs < IDLE_MS ? IDLE_MS : PATIENCE_MS,
      forbidsBuffering: kind.forbidsBuffering,
    })
    await Promise.all(clients.map((client) => this.#open(client, server)))
    await waitFor(() => this.#parts.every(({ reader }) => reader.opens > 0 || !tellsOpen(reader)), {
      what: 'everybody reads',
      timeoutMs: PATIENCE_MS,
      report: () => this.#report(),
    })
    return server
  }

  async #open(client: InteropClient, server: RunningServer): Promise<void> {
    const { remembers, idOf } = this.#group.server
    const account = new Account({ remembers, idOf, losesBrokenEvent: client.losesBrokenEvent })
    const asked = client.canPost ? server.request : (server.getRequest ?? server.request)
    let reader: InteropReader | undefined = undefined as InteropReader | undefined
    reader = await client.open({
      ...asked,
      url: `${this.#path?.url}${asked.path}`,
      isHttp2: this.#group.path.isHttp2,
      types: TYPES,
      onEvent: (event) => {
        if (account.isComplete) return
        const taken = server.read(event)
        if (taken === undefined) return
        if (taken !== 'end') return account.take(taken)
        account.isComplete = true
        void reader?.close()
      },
    })
    this.#parts.push({ client, account, reader })
  }

  async #publish(count: number): Promise<void> {
    const events = storyEvents(this.#events + 1, this.#events + count)
    this.#events += count
    await this.#server?.publish(events)
  }

  async #allHave(what: string): Promise<void> {
    await waitFor(() => this.#parts.every(({ account }) => account.last >= this.#events), {
      what: `everybody has ${what}`,
      timeoutMs: PATIENCE_MS,
      report: () => this.#report(),
    })
  }

  /** Heartbeats alone keep the streams open, through a proxy that cuts what is silent. */
  async #keepSilent(): Promise<void> {
    const { server, path } = this.#group
    const readers = this.#parts.filter(({ reader }) => reader.comments !== undefined)
    const before = this.#parts.map(({ reader }) => reader.opens)
    if (path.cutsIdle && server.heartbeatMs < IDLE_MS) await sleep(SILENCE_MS)
    if (server.heartbeatMs < IDLE_MS) {
      await waitFor(() => readers.every(({ reader }) => (reader.comments ?? 0) > 0), {
        what: 'heartbeats arrive',
        report: () => this.#report(),
      })
    }
    for (const [index, { account, reader }] of this.#parts.entries()) {
      if (reader.opens !== before[index]) account.problem('an idle stream was cut')
    }
  }

  async #cutInsideAnEvent(server: RunningServer): Promise<number> {
    const cable = this.#cable as Cable
    const opens = this.#parts.map(({ reader }) => reader.opens)
    cable.cutInside()
    await this.#publish(20)
    await waitFor(() => cable.cuts >= this.#parts.length, {
      what: 'every connection is cut',
      report: () => `${cable.cuts} were, ${this.#report()}`,
    })
    // Published while nobody reads, or somebody comes back.
    await this.#publish(10)
    await this.#allCameBack(opens)
    if (server.getRequest === undefined) await this.#publish(10)
    await this.#allHave('what came while it was away')
    return cable.cuts
  }

  async #killSomething(server: RunningServer): Promise<string | undefined> {
    const opens = this.#parts.map(({ reader }) => reader.opens)
    // Behind a proxy a dead server is a 502, which ends an EventSource for good, as it should.
    const { path } = this.#group
    const kill = this.#path?.killAndRestart ?? server.killAndRestart
    if (kill === undefined) return undefined
    await kill()
    await this.#publish(10)
    await this.#allCameBack(opens)
    await this.#allHave(`what came while ${path.name} was dead`)
    return this.#path?.killAndRestart === undefined ? 'server' : 'proxy'
  }

  async #allCameBack(opens: readonly number[]): Promise<void> {
    await waitFor(
      () => this.#parts.every(({ reader }, index) => reader.opens > (opens[index] ?? 0)),
      { what: 'everybody is back', timeoutMs: PATIENCE_MS, report: () => this.#report() },
    )
  }

  async #finish(server: RunningServer): Promise<void> {
    if (server.finish === undefined) return
    server.finish()
    await waitFor(() => this.#parts.every(({ account }) => account.isComplete), {
      what: 'everybody was told the end',
      report: () => this.#report(),
    })
  }

  #report(): string {
    const lines = this.#parts.map(
      ({ client, account, reader }) =>
        `${client.name}: ${account.last} of ${this.#events}, ${reader.opens} streams, ` +
        account.problems.join('; '),
    )
    return `\n${lines.join('\n')}`
  }
}

function tellsOpen({ opens }: InteropReader): boolean {
  return Number.isFinite(opens)
}

/** What is wrong with one client's story; nothing is right. */
export function judge(group: Group, result: StoryResult, part: Part): readonly string[] {
  const { account, reader } = part
  const { server, path } = group
  const problems = [...account.problems]
  const expect = (isTrue: boolean, words: string): void => {
    if (!isTrue) problems.push(words)
  }
  const breaks = result.killed === undefined ? 1 : 2
  expect(result.cuts > 0, 'nothing was cut')
  expect(account.last === result.events, `the last event was ${account.last}`)
  expect(account.lost <= breaks, `it lost ${account.lost} events`)
  expect(reader.opens > breaks, `it came back ${reader.opens - 1} times`)
  if (server.remembers) expect(account.beginnings === 1, `it began ${account.beginnings} times`)
  else expect(account.beginnings === reader.opens, 'it did not start over with every stream')
  if (server.tellsRetry && reader.waits !== undefined) {
    const least = Math.min(...reader.waits)
    expect(least >= RETRY_MS * 0.9, `it waited ${least} ms only, though it was told ${RETRY_MS}`)
    expect(least < UNTOLD_RETRY_MS, `it waited ${least} ms, though it was told ${RETRY_MS}`)
  }
  if (path.isHttp2) {
    const others = result.protocols?.filter((protocol) => protocol !== 'HTTP/2.0') ?? []
    expect(result.protocols !== undefined && others.length === 0, `spoke ${others.join(', ')}`)
  }
  return problems
}
