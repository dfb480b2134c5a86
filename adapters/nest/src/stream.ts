import {
  adoptHeaders,
  streamNode,
  subscribeNode,
  type HeldHeaders,
  type NodeHost,
  type NodeHub,
  type NodeRequest,
  type NodeResponse,
  type NodeStreamOptions,
  type NodeSubscribeOptions,
  type StreamHandler,
} from '@heartline/session'
import { HeartlineError } from '@heartline/wire'
import { Get, HttpException, Req, Res } from '@nestjs/common'

/** The request and response of Express, or of Fastify, where the ones of Node are in `raw`. */
type PlatformRequest = NodeRequest | { readonly raw: NodeRequest }
type PlatformReply = {
  readonly raw: NodeResponse
  hijack(): unknown
  getHeaders(): HeldHeaders
}
type PlatformResponse = NodeResponse | PlatformReply

/** What a method decorated with `Stream` answers: what feeds the stream. */
export type NestHandler = StreamHandler<PlatformRequest>
export interface NestStreamOptions extends NodeStreamOptions<PlatformRequest> {}

type Method = (this: unknown, ...args: unknown[]) => unknown
type Open = (answer: unknown, parts: Parts) => Promise<unknown>

interface Parts {
  readonly pair: { readonly request: NodeRequest; readonly response: NodeResponse }
  readonly host: NodeHost<PlatformRequest>
}

/**
 * `@Stream('clock') clock(@Param() …): NestHandler { return async (session, signal) => … }`: a GET
 * that is answered with a stream.
 *
 * The method runs after guards, pipes and interceptors, and before the head: what it throws goes to
 * the exception filters, as does what its handler throws before the head.
 */
export function Stream(path: string = '', options: NestStreamOptions = {}): MethodDecorator {
  return decorate(path, async (answer, { pair, host }) =>
    streamNode(pair, answer as NestHandler, options, host),
  )
}

/**
 * `@Subscribe(() => hub, 'events') events(@Req() request) { return { selectors: ['a'] } }`: a GET that
 * is answered with the stream of a hub. The method answers what `authorize` would: who the reader is
 * and what it may read.
 */
export function Subscribe<Admission, Subscription>(
  hub: () => NodeHub<Admission, Subscription>,
  path: string = '',
  options: NodeSubscribeOptions<PlatformRequest, Admission> = {},
): MethodDecorator {
  return decorate(path, (answer, { pair, host }) => {
    const authorize = (): Admission => answer as Admission
    return subscribeNode(hub(), pair, { ...options, authorize }, host)
  })
}

/** Asks Nest for request and response behind the method's own arguments: then Nest does not answer. */
function decorate(path: string, open: Open): MethodDecorator {
  return (target, key, descriptor) => {
    const method = descriptor.value as Method
    const arity = arityOf(method, target, key)
    const replaced: Method = async function (...args) {
      const parts = partsOf(args[arity] as PlatformRequest, args[arity + 1] as PlatformResponse)
      const answer = await method.apply(this, args.slice(0, arity))
      await open(answer, parts).catch(refuse)
    }
    // Metadata that other decorators have put on the method stays true.
    for (const name of Reflect.getMetadataKeys(method)) {
      Reflect.defineMetadata(name, Reflect.getMetadata(name, method), replaced)
    }
    Object.defineProperty(replaced, 'name', { value: method.name })
    descriptor.value = replaced as never
    Req()(target, key, arity)
    Res()(target, key, arity + 1)
    return Get(path)(target, key, descriptor)
  }
}

/** Where Nest keeps which argument is what. */
const ARGUMENTS = '__routeArguments__'

/** How many arguments Nest gives: a method does not count those that have a default. */
function arityOf(method: Method, target: object, key: string | symbol): number {
  const known = (Reflect.getMetadata(ARGUMENTS, target.constructor, key) ?? {}) as object
  const indexes = Object.values(known).map(({ index }: { index: number }) => index + 1)
  return Math.max(method.length, ...indexes)
}

function partsOf(context: PlatformRequest, response: PlatformResponse): Parts {
  const request = 'raw' in context ? context.raw : context
  if (!('raw' in response)) return { pair: { request, response }, host: { context } }
  const { raw } = response
  return {
    pair: { request, response: raw },
    host: {
      context,
      // A hijacked reply of Fastify forgets the headers that were set on it.
      prepare: () => adoptHeaders(raw, response.getHeaders()),
      takeOver: () => void response.hijack(),
    },
  }
}

function refuse(error: unknown): never {
  if (!(error instanceof HeartlineError)) throw error
  const { status, code, message } = error
  throw new HttpException({ statusCode: status, code, message }, status, { cause: error })
}
