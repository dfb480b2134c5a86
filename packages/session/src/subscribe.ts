import type { SessionMonitor } from './monitor.ts'
import { openFor, type NodeHost, type NodePair } from './node-host.ts'
import type { NodeRequest, NodeResponse } from './node-response.ts'
import type { NodeSessionOptions } from './node-session.ts'
import { groupOf } from './server-streams.ts'
import type { Session } from './session.ts'
import { answerOnce, checkAccept, checkMethod } from './stream-options.ts'
import type { SubscribeOptions } from './subscribe-fetch.ts'

/** The part of a hub (`@heartline/hub`) that adapters for Node use. */
export interface NodeHub<Admission, Subscription> {
  /**
   * Checks what a URL asks for, before a byte is sent. Throws errors with a `status`.
   * @param admission Who the reader is and what it may have. Default: everything
   */
  admitUrl(url: string, lastEventId: string | undefined, admission?: Admission): Subscription
  /** Sends the head and subscribes the session. */
  open(
    request: NodeRequest,
    response: NodeResponse,
    subscription: Subscription,
    extra: {
      readonly headers?: Readonly<Record<string, string>> | undefined
      readonly monitor?: SessionMonitor | undefined
      readonly release?: NodeSessionOptions['release']
    },
  ): Session
}

/** The same with what is special to a Node response. */
export interface NodeSubscribeOptions<Context, Admission>
  extends SubscribeOptions<Context, Admission>, Pick<NodeSessionOptions, 'release'> {}

/**
 * Answers a GET with the stream of a hub. Rejects, and nothing was sent, with what `authorize` throws,
 * with `HL_METHOD_NOT_ALLOWED`, `HL_NOT_ACCEPTABLE`, `HL_HEAD_SENT` and what the hub refuses with.
 */
export async function subscribeNode<Context, Admission, Subscription>(
  hub: NodeHub<Admission, Subscription>,
  { request, response }: NodePair,
  options: NodeSubscribeOptions<Context, Admission>,
  host: NodeHost<Context>,
): Promise<Session> {
  checkMethod(request.method)
  if (options.checkAccept !== false) checkAccept(request.headers.accept)
  const admission = await options.authorize?.(host.context)
  const given = request.headers['last-event-id']
  const lastEventId = Array.isArray(given) ? given[0] : given
  const subscription = hub.admitUrl(request.url ?? '/', lastEventId, admission ?? undefined)
  const { headers, release } = options
  const monitor = groupOf(request, options.monitor)
  const extra = { headers, release, monitor }
  return answerOnce(response, () =>
    openFor(host, () => hub.open(request, response, subscription, extra)),
  )
}
