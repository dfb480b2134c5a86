import type { MediaType } from '../accept.ts'
import { toError, type GraphqlErrorName } from '../errors.ts'
import type { Answer, Exchange, Reply } from '../exchange.ts'
import type { Executor } from '../executor.ts'
import type { OpenStreams } from '../open-streams.ts'
import type { ResolvedOptions, ResolvedSingleConnection } from '../options.ts'
import { readParams, requireQuery } from '../params.ts'
import { jsonReply, textReply } from '../reply.ts'
import type { SingleStats } from '../stats.ts'
import { Cluster } from './cluster.ts'
import type { Question, Verdict } from './question.ts'
import { SharedStream } from './shared-stream.ts'
import { TokenMint, type Reservation } from './token.ts'
import { WaitingRoom } from './waiting-room.ts'

interface Terms<Incoming, Context> {
  readonly options: ResolvedOptions<Incoming, Context>
  readonly single: ResolvedSingleConnection
  readonly executor: Executor<Incoming, Context>
  readonly streams: OpenStreams
}

/** Long enough for every kind of id in use. */
const MAX_ID_LENGTH = 256
/** A stream that is being opened. */
const OPENING = 'opening'

/** All operations of a client on one stream: reserve, open, operate, stop. */
export class SingleConnection<Incoming, Context> {
  readonly #terms: Terms<Incoming, Context>
  readonly #mint: TokenMint
  readonly #waiting: WaitingRoom
  readonly #cluster: Cluster | undefined
  readonly #open = new Map<string, SharedStream<Incoming> | typeof OPENING>()

  constructor(terms: Terms<Incoming, Context>) {
    const { single, options } = terms
    const { secret, broker } = single
    this.#terms = terms
    this.#mint = new TokenMint(secret)
    this.#waiting = new WaitingRoom(single)
    if (broker === undefined) return
    const { report } = options
    this.#cluster = new Cluster({ ...single, broker, report })
  }

  get stats(): SingleStats {
    let operations = 0
    for (const stream of this.#open.values()) {
      if (stream !== OPENING) operations += stream.size
    }
    const { size: waiting, bytes: waitingBytes } = this.#waiting
    return { operations, waiting, waitingBytes, questions: this.#cluster?.questions ?? 0 }
  }

  /**
   * `PUT`: a token for a stream. Whatever token comes with it, the server makes its own; clients send
   * one `Accept` with all they ask, which does not name the text of a token.
   */
  async reserve(identity: unknown): Promise<Reply> {
    const { reservationMs, owner } = this.#terms.single
    return textReply(201, await this.#mint.mint(Date.now() + reservationMs, owner(identity)))
  }

  /**
   * Opens the reserved stream. Only one at a time. An `EventSource` has nothing but the token to say
   * who it is: who is somebody else is refused, who is nobody is not.
   */
  async open(exchange: Exchange<Incoming>, token: string, identity: unknown): Promise<Answer> {
    const owner = this.#terms.single.owner(identity)
    const { id, expiresAt } = await this.#reservation(token, owner === '' ? undefined : owner)
    if (this.#open.has(id)) throw toError('streamOpen')
    if (expiresAt <= Date.now()) throw toError('streamNotFound')
    this.#open.set(id, OPENING)
    try {
      const early = this.#cluster === undefined ? [] : await this.#cluster.claim(id)
      if (early === undefined) throw toError('streamOpen')
      this.#begin(exchange, id, early)
    } catch (error) {
      this.#open.delete(id)
      void this.#cluster?.release(id)
      throw error
    }
    return undefined
  }

  /** Takes an operation. Its results go to the stream. */
  async operate(
    exchange: Exchange<Incoming>,
    token: string,
    from: { readonly identity: unknown; readonly type: MediaType },
  ): Promise<Reply> {
    const reservation = await this.#reservation(token, this.#terms.single.owner(from.identity))
    const { onSubscribe, maxBodyBytes } = this.#terms.options
    const given = await readParams(exchange, maxBodyBytes)
    const id = checkId(given.extensions?.['operationId'], '"extensions.operationId"')
    const params = requireQuery((await onSubscribe?.(exchange.incoming, given)) ?? given)
    const request = this.#terms.executor.check(params)
    if ('errors' in request) return jsonReply(request, { status: 400, type: from.type })
    if (exchange.method === 'GET' && request.kind === 'mutation') {
      throw toError('mutationOverGet', { allow: 'POST' })
    }
    const message = { id, params, identity: from.identity }
    return this.#reply(await this.#ask(reservation, { kind: 'operation', message }), 202)
  }

  /** `DELETE`: stops an operation. One that is not there is stopped already. */
  async stop(
    exchange: Exchange<Incoming>,
    token: string | undefined,
    identity: unknown,
  ): Promise<Reply> {
    if (token === undefined) throw toError('streamNotFound')
    const reservation = await this.#reservation(token, this.#terms.single.owner(identity))
    const id = checkId(exchange.query.get('operationId'), 'the query, "operationId"')
    return this.#reply(await this.#ask(reservation, { kind: 'stop', id }), 200)
  }

  close(): void {
    this.#waiting.close()
    this.#cluster?.close()
  }

  async #reservation(token: string, owner: string | undefined): Promise<Reservation> {
    const reservation = await this.#mint.read(token, owner)
    if (reservation === undefined) throw toError('streamNotFound')
    return reservation
  }

  #begin(exchange: Exchange<Incoming>, id: string, early: readonly Question[]): void {
    const { options, single, executor, streams } = this.#terms
    const session = exchange.open(options.session)
    const stream = new SharedStream<Incoming>({
      session,
      incoming: exchange.incoming,
      executor,
      maxOperations: single.maxOperations,
      minEventInterval: options.minEventInterval,
      report: options.report,
    })
    this.#open.set(id, stream)
    streams.add(session, () => {
      this.#open.delete(id)
      stream.end()
      void this.#cluster?.release(id)
    })
    for (const question of early) stream.answer(question)
    for (const message of this.#waiting.take(id)) stream.answer({ kind: 'operation', message })
    void this.#cluster?.hold(id, (question) => stream.answer(question))
  }

  async #ask(reservation: Reservation, question: Question): Promise<Verdict> {
    const stream = this.#open.get(reservation.id)
    if (stream !== undefined && stream !== OPENING) return stream.answer(question)
    if (this.#cluster !== undefined) return this.#cluster.ask(reservation, question)
    return this.#waiting.answer(reservation, question)
  }

  #reply(verdict: Verdict, status: number): Reply {
    if (verdict === 'accepted') return textReply(status)
    throw toError(REFUSALS[verdict], { max: this.#terms.single.maxOperations })
  }
}

const REFUSALS: Readonly<Record<Exclude<Verdict, 'accepted'>, GraphqlErrorName>> = {
  taken: 'operationIdTaken',
  full: 'tooManyOperations',
  missing: 'streamNotFound',
}

function checkId(id: unknown, place: string): string {
  if (typeof id === 'string' && id !== '' && id.length <= MAX_ID_LENGTH) return id
  throw toError('operationIdMissing', { maxLength: MAX_ID_LENGTH, place })
}
