import {
  streamNode,
  subscribeNode,
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
  getHeaders(): Record<string, number | string | string[] | undefined>
}
type PlatformResponse = NodeResponse | PlatformReply

/** What a method decorated with `Stream` answers: what feeds the stream. */
export type NestHandler = StreamHandler<PlatformRequest>
export interface NestStreamOptions extends NodeStreamOptions<PlatformRequest> {}

type Method = (this: unknown, ...args: unknown[]) => unknown
type Open = (answer: unknown, parts: Parts) => Promise<unknown>

interface Parts {
  readonly pair: { readonly request: NodeRequest; readonly response: NodeResponse }
  readonly host: { readonly context: PlatformRequest; readonly takeOver: () => void }
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
    const arity = method.length
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

function partsOf(context: PlatformRequest, response: PlatformResponse): Parts {
  const request = 'raw' in context ? context.raw : context
  if (!('raw' in response)) {
    return { pair: { request, response }, host: { context, takeOver: () => {} } }
  }
  return {
    pair: { request, response: response.raw },
    host: { context, takeOver: () => hijack(response) },
  }
}

/** A hijacked reply of Fastify forgets the headers that were set on it. */
function hijack(reply: PlatformReply): void {
  const { raw } = reply
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined && !raw.headersSent && !raw.hasHeader(name)) raw.setHeader(name, value)
  }
  reply.hijack()
}

function refuse(error: unknown): never {
  if (!(error instanceof HeartlineError)) throw error
  const { status, code, message } = error
  throw new HttpException({ statusCode: status, code, message }, status, { cause: error })
}
