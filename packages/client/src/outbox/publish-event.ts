/** What is published. */
export interface PublishEvent {
  readonly topic?: string | undefined
  readonly topics?: readonly string[] | undefined
  readonly data: unknown
  readonly type?: string | undefined
  readonly key?: string | undefined
  readonly private?: boolean | undefined
  readonly retry?: number | undefined
  /** The same one is stored once. Default: a random one. */
  readonly publishId?: string | undefined
}

/** Where an event was stored. */
export interface PublishResult {
  readonly id: string
  /** It had been stored before. */
  readonly duplicate: boolean
}
