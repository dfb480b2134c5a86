import { createParser } from '../src/index.ts'
import { decodeWhole, interpret, type Observed, type Outcome } from './model.ts'
import { Random, randomChunks, randomStream } from './random-stream.ts'

/** What the parser observes on a stream that arrives in these chunks. */
export function observe(
  chunks: readonly (Uint8Array | string)[],
  initialLastEventId = '',
): Outcome {
  const observed: Observed[] = []
  const parser = createParser(
    {
      onEvent: (event) => observed.push({ kind: 'event', ...event }),
      onComment: (text) => observed.push({ kind: 'comment', text }),
      onRetry: (ms) => observed.push({ kind: 'retry', ms }),
      onId: (lastEventId) => observed.push({ kind: 'id', lastEventId }),
    },
    { lastEventId: initialLastEventId },
  )
  for (const chunk of chunks) parser.feed(chunk)
  parser.end()
  return { observed, lastEventId: parser.lastEventId }
}

export interface Difference {
  readonly seed: number
  readonly bytes: string
  readonly expected: Outcome
  readonly asBytes: Outcome
  readonly asText: Outcome
}

export interface Comparison {
  readonly observations: number
  readonly chunks: number
  readonly bytes: number
  readonly difference: Difference | undefined
}

/** One random stream, cut at random as bytes and again as text, against the model. */
export function compareOne(seed: number): Comparison {
  const random = new Random(seed)
  const { bytes, initialLastEventId } = randomStream(random)
  const expected = interpret(decodeWhole(bytes), initialLastEventId)
  const byteChunks = randomChunks(bytes, random)
  // Text that was decoded elsewhere, still with its byte order mark.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  const textChunks = randomChunks(text, random)
  const asBytes = observe(byteChunks, initialLastEventId)
  const asText = observe(textChunks, initialLastEventId)
  const wanted = JSON.stringify(expected)
  const same = JSON.stringify(asBytes) === wanted && JSON.stringify(asText) === wanted
  return {
    observations: expected.observed.length,
    chunks: byteChunks.length + textChunks.length,
    bytes: bytes.length,
    difference: same
      ? undefined
      : { seed, bytes: Buffer.from(bytes).toString('hex'), expected, asBytes, asText },
  }
}
