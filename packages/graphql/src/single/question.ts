import type { OperationParams } from '../params.ts'

/** One operation for a shared stream. It crosses processes as JSON. */
export interface OperationMessage {
  /** Chosen by the client, unique on its stream. */
  readonly id: string
  readonly params: OperationParams
  readonly identity: unknown
}

/** What the holder of a stream is asked to do. */
export type Question =
  | { readonly kind: 'operation'; readonly message: OperationMessage }
  | { readonly kind: 'stop'; readonly id: string }

/** What became of it. `missing`: there is no such stream. */
export type Verdict = 'accepted' | 'taken' | 'full' | 'missing'
