import type { ConnectionState } from '../connection-state.ts'
import type { RetryOptions } from '../options.ts'
import type { Item } from './item.ts'

/** The state of the shared connection. Errors do not survive the way between tabs whole. */
export type SharedState = Omit<ConnectionState, 'lastError'> & {
  readonly lastError: SharedError | undefined
  readonly rttMs: number | undefined
}

/** What is left of an error. */
export interface SharedError {
  readonly code: string
  readonly message: string
  readonly status: number
  readonly details: Readonly<Record<string, string | number>>
}

/** A tab's question for its place in the shared connection. */
export interface Join {
  readonly kind: 'join'
  readonly from: string
  readonly topics: readonly string[]
  readonly place: string
  /** The server has let this tab read these topics before. */
  readonly isProven: boolean
}

/** A tab that reads for itself, and would rather share. */
export interface Want {
  readonly kind: 'want'
  readonly from: string
  readonly topics: readonly string[]
  readonly place: string
}

/** What tabs say to the one with the connection. */
export type ToLeader =
  | Join
  | Want
  | { readonly kind: 'leave' | 'ping' | 'wake'; readonly from: string }
  | {
      readonly kind: 'headers'
      readonly from: string
      readonly ask: number
      readonly headers: readonly (readonly [string, string])[]
    }

/** What the one with the connection says. `to`: to this tab only. */
export type ToMember = { readonly leader: string } & (
  | { readonly kind: 'leads' | 'down' | 'beat' }
  | { readonly kind: 'items'; readonly seq: number; readonly items: readonly Item[] }
  | { readonly kind: 'state'; readonly state: SharedState }
  /** From now on its items count, after these. */
  | {
      readonly kind: 'serve'
      readonly to: string
      readonly seq: number
      readonly items: readonly Item[]
      readonly state: SharedState | undefined
    }
  /** Items after this place are all there: join in once that far. */
  | {
      readonly kind: 'from'
      readonly to: string
      readonly seq: number
      readonly place: string
      readonly state: SharedState | undefined
    }
  /** `behind`: read for yourself first. `alone`: for good. */
  | { readonly kind: 'behind' | 'alone' | 'pong'; readonly to: string }
  | {
      readonly kind: 'ask'
      readonly to: string
      readonly ask: number
      readonly refresh: boolean
    }
)

/** How the shared connection is made: what of the options is data. */
export interface SharedSetup extends RetryOptions {
  readonly urls: readonly string[]
  readonly credentials?: RequestInit['credentials'] | undefined
  readonly resumeBy?: 'header' | 'query' | undefined
  readonly acknowledge?: boolean | undefined
  readonly maxEventLength?: number | undefined
}

/** The first message to a shared worker. */
export interface Hello {
  /** Names the tabs that share. */
  readonly name: string
  readonly member: string
  readonly setup: SharedSetup
}
