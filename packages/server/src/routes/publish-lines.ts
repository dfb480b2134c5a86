import type { PublishEvent, PublishResult } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import type { Grant } from '../auth/grant.ts'
import { serverErrors } from '../errors.ts'
import { decodeUtf8, readChunks } from '../http/body.ts'
import type { Exchange } from '../http/exchange.ts'
import { parseJson } from '../http/json.ts'
import { LineSplitter } from '../http/line-splitter.ts'
import { toProblem } from '../http/problem.ts'
import type { Services } from '../http/route.ts'
import { publishStatus } from './publish-status.ts'

type Line = Buffer | HeartlineError

/**
 * Publishes lines in their order while they arrive, one append for the lines of one chunk. The
 * lines before a bad one are stored, none after it. The answer tells both.
 */
export async function publishLines(
  exchange: Exchange,
  services: Services,
  grant: Grant,
): Promise<void> {
  const { maxNdjsonLineBytes, bodyTimeoutMs } = services.config.limits
  const splitter = new LineSplitter(maxNdjsonLineBytes)
  const publisher = new LinePublisher(services, grant)
  try {
    for await (const chunk of readChunks(exchange, () => bodyTimeoutMs)) {
      await publisher.add(splitter.add(chunk))
    }
    await publisher.add(splitter.end())
    exchange.sendJson(publishStatus(publisher.results), { results: publisher.results })
  } catch (error) {
    if (!(error instanceof HeartlineError)) throw error
    const problem = toProblem(error)
    const line = error.details['line'] ?? publisher.nextLine
    exchange.sendJson(problem.status, { results: publisher.results, error: { ...problem, line } })
  }
}

class LinePublisher {
  readonly results: PublishResult[] = []
  readonly #services: Services
  readonly #grant: Grant
  /** Counts from 1, blank lines included, as editors do. */
  nextLine = 1

  constructor(services: Services, grant: Grant) {
    this.#services = services
    this.#grant = grant
  }

  async add(lines: readonly Line[]): Promise<void> {
    const events: PublishEvent[] = []
    const numbers: number[] = []
    let problem: HeartlineError | undefined
    for (const line of lines) {
      const number = this.nextLine++
      try {
        const event = this.#parse(line, this.results.length + events.length)
        if (event === undefined) continue
        events.push(event)
        numbers.push(number)
      } catch (error) {
        problem = atLine(error, number)
        break
      }
    }
    await this.#publish(events, numbers)
    if (problem !== undefined) throw problem
  }

  /** Undefined for a blank line. */
  #parse(line: Line, count: number): PublishEvent | undefined {
    if (line instanceof HeartlineError) throw line
    const text = decodeUtf8(line)
    if (text.trim() === '') return undefined
    const max = this.#services.config.limits.maxNdjsonEvents
    if (count >= max) throw new HeartlineError(serverErrors.tooManyEvents, { max })
    return parseJson(text) as PublishEvent
  }

  async #publish(events: readonly PublishEvent[], numbers: readonly number[]): Promise<void> {
    if (events.length === 0) return
    const { hub } = this.#services
    try {
      this.results.push(...(await hub.publish(events, this.#grant.publish)))
    } catch (error) {
      const index = error instanceof HeartlineError ? error.details['index'] : undefined
      if (typeof index !== 'number') throw atLine(error, numbers[0] ?? 1)
      // One bad event refuses the whole append; those before it are stored on their own.
      await this.#publish(events.slice(0, index), numbers)
      throw atLine(error, numbers[index] ?? 1)
    }
  }
}

function atLine(error: unknown, line: number): HeartlineError {
  if (!(error instanceof HeartlineError)) throw error
  const { index: _, ...details } = error.details
  return new HeartlineError(error, { ...details, line }, error.cause)
}
