import type { ReadRequest } from '@heartline/broker'
import { LOG_PATH } from '@heartline/broker-relay'
import { HeartlineError, isCursor } from '@heartline/wire'
import type { Config } from '../config/config.ts'
import { serverErrors } from '../errors.ts'
import type { FeedStart } from '../feed/log-feed.ts'
import { toAppendGroup, toNewEntries } from '../feed/new-entries.ts'
import { readJson, requireType, type BodyLimits } from '../http/body.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Route, Services } from '../http/route.ts'
import { requireAdmin } from './admin.ts'

const JSON_TYPE = 'application/json'
const OFFSET = { min: 0, max: Number.MAX_SAFE_INTEGER }
const LIMIT = { min: 1, max: 10_000, default: 500 }
const PAGE_BYTES = { min: 1, max: 16 * 2 ** 20, default: 2 ** 20 }

/** A group of appends is escaped text; one event of it may be as large as this hub takes. */
const BODY = { factor: 8, minBytes: 16 * 2 ** 20, maxBytes: 512 * 2 ** 20 }

/**
 * The log itself, for relays: everything that was published, private events too, so it needs an
 * administrator's token.
 */
export const logRoutes: readonly Route[] = [
  { path: LOG_PATH, GET: streamLog, POST: appendToLog },
  { path: `${LOG_PATH}/state`, GET: answerState },
  { path: `${LOG_PATH}/entries`, GET: answerEntries, POST: answerAskedEntries },
  { path: `${LOG_PATH}/locate`, GET: answerPlace },
]

async function streamLog(exchange: Exchange, services: Services): Promise<void> {
  const { expiresAtMs } = await requireAdmin(exchange, services)
  const { request, response } = exchange
  if (exchange.method === 'HEAD') return exchange.sendEmpty(200)
  await services.sharedLog.feed.attach(request, response, {
    start: toStart(exchange),
    expiresAtMs,
  })
}

function toStart(exchange: Exchange): FeedStart {
  const cursor = exchange.header('last-event-id')
  if (cursor !== undefined) {
    if (isCursor(cursor)) return { kind: 'cursor', cursor }
    const reason = 'it must be the id of an event of this stream'
    throw new HeartlineError(serverErrors.queryInvalid, { name: 'Last-Event-ID', reason })
  }
  if (exchange.query.get('after') === null) return { kind: 'end' }
  return { kind: 'offset', offset: exchange.integer('after', { ...OFFSET, default: 0 }) }
}

/** A list is one append; an object is a group of appends of a relay. */
async function appendToLog(exchange: Exchange, services: Services): Promise<void> {
  await requireAdmin(exchange, services)
  const body = await readBody(exchange, services.config)
  const { broker, desk } = services.sharedLog
  if (Array.isArray(body)) exchange.sendJson(200, await broker.append(toNewEntries(body)))
  else exchange.sendJson(200, await desk.take(toAppendGroup(body)))
}

async function answerState(exchange: Exchange, services: Services): Promise<void> {
  await requireAdmin(exchange, services)
  const { broker, feed } = services.sharedLog
  const [head, refusal] = await Promise.all([feed.head(), broker.writable?.()])
  exchange.sendJson(200, { ...head, ...(refusal === undefined ? {} : { refusal }) })
}

async function answerEntries(exchange: Exchange, services: Services): Promise<void> {
  await requireAdmin(exchange, services)
  const { query } = exchange
  const topics = query.getAll('topic')
  await sendPage(exchange, services, {
    after: exchange.integer('after', { ...OFFSET, default: 0 }),
    until: exchange.integer('until', { ...OFFSET, default: OFFSET.max }),
    maxEntries: exchange.integer('limit', LIMIT),
    maxBytes: exchange.integer('maxBytes', PAGE_BYTES),
    ...(topics.length === 0 ? {} : { topics }),
  })
}

/** The same with the question as a body: a hundred topics are too long for a URL. */
async function answerAskedEntries(exchange: Exchange, services: Services): Promise<void> {
  await requireAdmin(exchange, services)
  const body = (await readBody(exchange, services.config)) as Partial<ReadRequest> | null
  const { after, until, topics, maxEntries, maxBytes } = body ?? {}
  await sendPage(exchange, services, {
    after: toInteger('after', after, { ...OFFSET, default: 0 }),
    until: toInteger('until', until, { ...OFFSET, default: OFFSET.max }),
    maxEntries: toInteger('maxEntries', maxEntries, LIMIT),
    maxBytes: toInteger('maxBytes', maxBytes, PAGE_BYTES),
    ...(topics === undefined ? {} : { topics: toTopics(topics) }),
  })
}

async function sendPage(exchange: Exchange, services: Services, ask: ReadRequest): Promise<void> {
  const { entries, through, done } = await services.sharedLog.broker.read(ask)
  const items = entries.map(({ position, ...fields }) => ({ ...position, ...fields }))
  exchange.sendJson(200, { entries: items, through, done })
}

async function answerPlace(exchange: Exchange, services: Services): Promise<void> {
  await requireAdmin(exchange, services)
  const offset = exchange.integer('offset', { ...OFFSET, default: 0 })
  const ms = exchange.integer('ms', { ...OFFSET, default: 0 })
  exchange.sendJson(200, await services.sharedLog.broker.locate({ ms, offset }))
}

function readBody(exchange: Exchange, { limits }: Config): Promise<unknown> {
  requireType(exchange, [JSON_TYPE])
  const wanted = Math.max(limits.maxBodyBytes, limits.maxEventBytes) * BODY.factor
  const bounds: BodyLimits = {
    maxBytes: Math.min(BODY.maxBytes, Math.max(BODY.minBytes, wanted)),
    timeoutMs: limits.bodyTimeoutMs,
  }
  return readJson(exchange, bounds)
}

function toInteger(
  name: string,
  value: unknown,
  range: { min: number; max: number; default: number },
): number {
  if (value === undefined) return range.default
  const isInside = Number.isSafeInteger(value) && (value as number) <= range.max
  if (isInside && (value as number) >= range.min) return value as number
  const reason = `${name} must be a whole number from ${range.min} to ${range.max}`
  throw new HeartlineError(serverErrors.bodyInvalid, { reason })
}

function toTopics(topics: unknown): string[] {
  if (Array.isArray(topics) && topics.every((topic) => typeof topic === 'string')) return topics
  throw new HeartlineError(serverErrors.bodyInvalid, { reason: 'topics must be a list of texts' })
}
