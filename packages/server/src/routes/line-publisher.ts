import type { PublishEvent, PublishResult } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import type { Grant } from '../auth/grant.ts'
import { serverErrors } from '../errors.ts'
import { decodeUtf8 } from '../http/body.ts'
import { parseJson } from '../http/json.ts'
import type { Services } from '../http/route.ts'

type Line = Buffer | HeartlineError

/** Lines that wait for the append before theirs. More, and the client is not read from. */
const MAX_WAITING = 2000

interface Batch {
  readonly events: PublishEvent[]
  /** The line of each event. */
  readonly numbers: number[]
}

/**
 * Publishes lines in order, one append at a time: what arrives during an append is the next one.
 * After a line that was refused nothing more is published.
 */
export class LinePublisher {
  readonly results: PublishResult[] = []
  /** Counts from 1, blank lines included, as editors do. */
  nextLine = 1
  readonly #services: Services
  readonly #grant: Grant
  readonly #onFailure: (error: unknown) => void
  #waiting: Batch = { events: [], numbers: [] }
  #count = 0
  #append: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  /** `onFailure` is told of a refusal while nobody waits in `add` or `settle`. */
  constructor(services: Services, grant: Grant, onFailure: (error: unknown) => void) {
    this.#services = services
    this.#grant = grant
    this.#onFailure = onFailure
  }

  /** Takes the next lines. Throws what refused one of these or of those before. */
  async add(lines: readonly Line[]): Promise<void> {
    for (const line of lines) {
      const number = this.nextLine++
      try {
        this.#take(line, number)
      } catch (error) {
        this.#send()
        await this.settle()
        throw atLine(error, number)
      }
    }
    this.#send()
    while (this.#append !== undefined && this.#waiting.events.length >= MAX_WAITING) {
      await this.#append
    }
    this.throwFailure()
  }

  /** Resolves when all lines that were taken are stored. Throws what refused one of them. */
  async settle(): Promise<void> {
    while (this.#append !== undefined) await this.#append
    this.throwFailure()
  }

  /** Throws what refused a line, if any was. */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #take(line: Line, number: number): void {
    if (line instanceof HeartlineError) throw line
    const text = decodeUtf8(line)
    if (text.trim() === '') return
    const max = this.#services.config.limits.maxNdjsonEvents
    if (this.#count >= max) throw new HeartlineError(serverErrors.tooManyEvents, { max })
    this.#waiting.events.push(parseJson(text) as PublishEvent)
    this.#waiting.numbers.push(number)
    this.#count++
  }

  #send(): void {
    if (this.#append !== undefined || this.#failure !== undefined) return
    if (this.#waiting.events.length === 0) return
    const batch = this.#waiting
    this.#waiting = { events: [], numbers: [] }
    this.#append = this.#publish(batch)
      .catch((error: unknown) => {
        this.#failure = { error }
        this.#onFailure(error)
      })
      .then(() => {
        this.#append = undefined
        this.#send()
      })
  }

  async #publish({ events, numbers }: Batch): Promise<void> {
    if (events.length === 0) return
    try {
      const results = await this.#services.hub.publish(events, this.#grant.publish)
      for (const result of results) this.results.push(result)
    } catch (error) {
      const index = error instanceof HeartlineError ? error.details['index'] : undefined
      if (typeof index !== 'number') throw atLine(error, numbers[0] ?? 1)
      // One bad event refuses the whole append; those before it are stored on their own.
      await this.#publish({ events: events.slice(0, index), numbers })
      throw atLine(error, numbers[index] ?? 1)
    }
  }
}

function atLine(error: unknown, line: number): HeartlineError {
  if (!(error instanceof HeartlineError)) throw error
  const { index: _, ...details } = error.details
  return new HeartlineError(error, { ...details, line }, error.cause)
}
