import type { ReceivedEvent } from '../../kit/reader.ts'
import type { StreamRequest } from '../servers/server.ts'

/** What a client is asked to read. */
export interface StreamTarget extends StreamRequest {
  readonly url: string
  readonly isHttp2: boolean
  /** Types of events besides `message`, for clients that must name them. */
  readonly types: readonly string[]
  readonly onEvent: (event: ReceivedEvent) => void
}

/** One client that reads. */
export interface InteropReader {
  /** Streams opened so far. */
  readonly opens: number
  /** Milliseconds before each new attempt, where the client tells. */
  readonly waits?: readonly number[] | undefined
  /** Comments that came, where the client tells. */
  readonly comments?: number | undefined
  close(): Promise<void>
}

/** One kind of client. */
export interface InteropClient {
  readonly name: string
  readonly isOurs: boolean
  /** It runs in a browser, where HTTP/2 is spoken. */
  readonly isInBrowser: boolean
  /** It can send a body. */
  readonly canPost: boolean
  /** It takes the id of an event before the event is whole, and so loses one that breaks off. */
  readonly losesBrokenEvent?: boolean | undefined
  /** Why it cannot run here, for a person. */
  readonly missing?: (() => string | undefined) | undefined
  open(target: StreamTarget): Promise<InteropReader>
}

/** Types that some server of the story sends. */
export const TYPES: readonly string[] = ['price', 'next', 'complete', 'heartline.gap']
