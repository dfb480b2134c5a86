/** What a reader saw of one event, before any account is taken. */
export interface ReceivedEvent {
  readonly type: string
  readonly data: string
  readonly id: string
}

/** A client that follows one stream and comes back whenever the stream ends. */
export interface Reader {
  readonly name: string
  /** Streams opened so far (answers with status 200). */
  readonly connects: number
  /** Ends it for good. */
  close(): Promise<void>
}

export interface ReaderHandler {
  onEvent(event: ReceivedEvent): void
  onComment?(text: string): void
}

/** The address of a stream from the log's first event on; `Last-Event-ID` wins on a resume. */
export function streamUrl(hubUrl: string, topic: string): string {
  return `${hubUrl}/v1/events?topic=${encodeURIComponent(topic)}&since=earliest`
}
