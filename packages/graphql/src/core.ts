import { negotiate, type MediaType } from './accept.ts'
import type { ExecutionResult } from 'graphql'
import { openDistinct, openRefused } from './distinct.ts'
import { toError } from './errors.ts'
import type { Answer, Exchange, Reply } from './exchange.ts'
import { Executor, type CheckedRequest } from './executor.ts'
import { OpenStreams } from './open-streams.ts'
import { resolveOptions, type HandlerOptions, type ResolvedOptions } from './options.ts'
import { answerOverHttp, statusOf } from './over-http.ts'
import { readParams, requireQuery } from './params.ts'
import { jsonReply, refusal } from './reply.ts'
import { SingleConnection } from './single/single-connection.ts'
import { checkSchema } from './schema-check.ts'
import type { HandlerStats } from './stats.ts'
import { readToken } from './single/token.ts'

/** Answers requests, whatever server they came through. */
export class Core<Incoming, Context> {
  readonly #options: ResolvedOptions<Incoming, Context>
  readonly #executor: Executor<Incoming, Context>
  readonly #streams = new OpenStreams()
  readonly #single: SingleConnection<Incoming, Context> | undefined

  /** @throws HeartlineError `HL_GRAPHQL_OPTION_INVALID`; what a schema that is not valid throws */
  constructor(options: HandlerOptions<Incoming, Context>) {
    const resolved = resolveOptions(options)
    checkSchema(resolved)
    this.#options = resolved
    this.#executor = new Executor(resolved)
    const { single } = resolved
    if (single === undefined) return
    this.#single = new SingleConnection({
      options: resolved,
      single,
      executor: this.#executor,
      streams: this.#streams,
    })
  }

  get stats(): HandlerStats {
    const single = this.#single?.stats ?? NO_SINGLE
    return {
      streams: this.#streams.size,
      ...single,
      cachedDocuments: this.#executor.cachedDocuments,
    }
  }

  drain(): void {
    this.#streams.drain()
    this.#single?.close()
  }

  /** Never rejects: what is thrown becomes the answer. */
  async handle(exchange: Exchange<Incoming>): Promise<Answer> {
    const type = negotiate(exchange.header('accept'))
    try {
      const identity = await this.#options.authenticate?.(exchange.incoming)
      return await this.#route(exchange, type, identity)
    } catch (error) {
      return refusal(error, type, this.#options.report)
    }
  }

  #route(
    exchange: Exchange<Incoming>,
    type: MediaType | undefined,
    identity: unknown,
  ): Promise<Answer> {
    const { method } = exchange
    const single = this.#single
    const token = readToken(exchange)
    const streams = single !== undefined
    if (streams && method === 'PUT') return single.reserve(identity)
    if (streams && method === 'DELETE') return single.stop(exchange, token, identity)
    if (method !== 'GET' && method !== 'POST') {
      throw methodNotAllowed(method, streams ? 'GET, POST, PUT, DELETE' : 'GET, POST')
    }
    if (type === undefined) throw notAcceptable(exchange.header('accept'))
    if (streams && token !== undefined) {
      if (type === 'text/event-stream') return single.open(exchange, token, identity)
      return single.operate(exchange, token, { identity, type })
    }
    return this.#answer(exchange, type, identity)
  }

  async #answer(exchange: Exchange<Incoming>, type: MediaType, identity: unknown): Promise<Answer> {
    const { incoming } = exchange
    const { onSubscribe, maxBodyBytes, session } = this.#options
    const streams = this.#streams
    const given = await readParams(exchange, maxBodyBytes)
    const params = requireQuery((await onSubscribe?.(incoming, given)) ?? given)
    const request = this.#executor.check(params)
    if ('errors' in request) {
      if (type !== 'text/event-stream') return this.#refuse(request, type)
      openRefused(exchange, toResult(request), { session, streams })
      return undefined
    }
    checkMethod(exchange.method, request)
    return this.#execute(exchange, type, { request, identity })
  }

  async #execute(
    exchange: Exchange<Incoming>,
    type: MediaType,
    { request, identity }: { request: CheckedRequest; identity: unknown },
  ): Promise<Answer> {
    const isStream = type === 'text/event-stream'
    if (!isStream && request.kind === 'subscription') throw toError('subscriptionNotAcceptable')
    const execution = await this.#executor.begin(request, {
      incoming: exchange.incoming,
      mode: isStream ? 'distinct' : 'http',
      identity,
      lastEventId: lastEventIdOf(exchange, request),
    })
    if (!isStream) return answerOverHttp(execution, type, exchange.signal)
    const { session, minEventInterval, report } = this.#options
    const streams = this.#streams
    openDistinct(exchange, execution, { session, minEventInterval, report, streams })
    return undefined
  }

  #refuse(result: { errors: readonly { message: string }[] }, type: MediaType): Reply {
    return jsonReply(result, { status: statusOf(result, type), type })
  }
}

const NO_SINGLE = { operations: 0, waiting: 0, waitingBytes: 0, questions: 0 }

function toResult(refused: { errors: readonly { message: string }[] }): ExecutionResult {
  return refused as ExecutionResult
}

function checkMethod(method: string, request: CheckedRequest): void {
  if (method === 'GET' && request.kind === 'mutation') {
    throw toError('mutationOverGet', { allow: 'POST' })
  }
}

function methodNotAllowed(method: string, allowed: string): Error {
  return toError('methodNotAllowed', { method: method.slice(0, 20), allowed, allow: allowed })
}

function notAcceptable(accept: string | undefined): Error {
  const allowed = 'text/event-stream, application/graphql-response+json, application/json'
  return toError('notAcceptable', { accept: accept?.slice(0, 100) ?? '', allowed })
}

/** A client that cannot set headers, or shares its stream, gives its place with the operation. */
function lastEventIdOf(exchange: Exchange<unknown>, request: CheckedRequest): string | undefined {
  const own = exchange.header('last-event-id') ?? exchange.query.get('lastEventId') ?? undefined
  const { extensions } = request.params
  const named = extensions?.['lastEventId']
  return own ?? (typeof named === 'string' ? named : undefined)
}
