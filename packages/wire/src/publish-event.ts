/** What is published. Unknown fields are refused where JSON enters. */
export interface PublishEvent {
  readonly topic?: string | undefined
  /** Either `topic` or `topics`, not both. At most 16. */
  readonly topics?: readonly string[] | undefined
  /** Text is delivered as it is; any other JSON value is delivered as its JSON text. */
  readonly data: unknown
  /** The event type on the wire. `heartline.*` is refused. */
  readonly type?: string | undefined
  /** What a latest-value reader keeps one of. Default: the first topic. */
  readonly key?: string | undefined
  readonly private?: boolean | undefined
  /** Reconnection time told to readers, in milliseconds. */
  readonly retry?: number | undefined
  /**
   * Makes the publish idempotent inside the broker's window: the same one is stored once. 1 to 128
   * printable ASCII characters. Default: none; clients give each event a random one.
   */
  readonly publishId?: string | undefined
}

/** What became of one event. */
export interface PublishResult {
  /** The cursor the event was given: the `id:` that readers see. */
  readonly id: string
  /** True when the same publish id was stored before; `id` is then the first one. */
  readonly duplicate: boolean
}
