import { toProblem } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import type { Grant } from '../auth/grant.ts'
import { readChunks, type ChunkWait } from '../http/body.ts'
import type { Exchange } from '../http/exchange.ts'
import { LineSplitter } from '../http/line-splitter.ts'
import type { Services } from '../http/route.ts'
import { publishStatus } from './publish-status.ts'
import { LinePublisher } from './line-publisher.ts'

/**
 * Publishes lines in their order while they arrive. The lines before a bad one are stored, none
 * after it. The answer tells both.
 */
export async function publishLines(
  exchange: Exchange,
  services: Services,
  grant: Grant,
): Promise<void> {
  const { maxNdjsonLineBytes, bodyTimeoutMs } = services.config.limits
  const splitter = new LineSplitter(maxNdjsonLineBytes)
  const wait: ChunkWait = {}
  const publisher = new LinePublisher(services, grant, (error) => wait.interrupt?.(error))
  try {
    const patienceMs = (): number => {
      publisher.throwFailure()
      return bodyTimeoutMs
    }
    for await (const chunk of readChunks(exchange, patienceMs, wait)) {
      await publisher.add(splitter.add(chunk))
    }
    await publisher.add(splitter.end())
    await publisher.settle()
    exchange.sendJson(publishStatus(publisher.results), { results: publisher.results })
  } catch (error) {
    const refusal = (await publisher.settle().catch((earlier: unknown) => earlier)) ?? error
    if (!(refusal instanceof HeartlineError)) throw refusal
    const problem = toProblem(refusal)
    const line = refusal.details['line'] ?? publisher.nextLine
    exchange.sendJson(problem.status, { results: publisher.results, error: { ...problem, line } })
  }
}
