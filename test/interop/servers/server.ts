import type { ReceivedEvent } from '../../kit/reader.ts'
import type { StoryEvent, TakenEvent } from '../event.ts'

/** How its stream is asked for. */
export interface StreamRequest {
  readonly path: string
  readonly method?: 'POST' | undefined
  readonly body?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** One server under test, running. */
export interface RunningServer {
  readonly port: number
  readonly request: StreamRequest
  /** For readers that can only GET, when `request` is none. */
  readonly getRequest?: StreamRequest | undefined
  /** An event in the words of the story; `end` when there is no more; undefined for its own. */
  read(event: ReceivedEvent): TakenEvent | 'end' | undefined
  publish(events: readonly StoryEvent[]): Promise<void>
  /** Dies and comes back with everything it had. */
  killAndRestart?: (() => Promise<void>) | undefined
  /** No event comes after those that were published. */
  finish?: (() => void) | undefined
  close(): Promise<void>
}

/** One kind of server. */
export interface InteropServer {
  readonly name: string
  /** It resumes by `Last-Event-ID`. */
  readonly remembers: boolean
  /** It tells proxies not to buffer. */
  readonly forbidsBuffering: boolean
  /** It sends something while there is nothing to say, so often. */
  readonly heartbeatMs: number
  /** It tells readers to come back after `RETRY_MS`. */
  readonly tellsRetry: boolean
  /** The id of event n, where ids are numbers. */
  readonly idOf?: ((n: number) => string) | undefined
  /** Why it cannot run here, for a person. */
  readonly missing?: (() => string | undefined) | undefined
  start(): Promise<RunningServer>
}

/** What servers send as `retry:`, where they can be told. */
export const RETRY_MS = 600

/** How often servers send a heartbeat, where they can be told. */
export const HEARTBEAT_MS = 1000
