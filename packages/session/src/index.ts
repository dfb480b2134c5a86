export { IN_BATCH, NO_BATCH, type BatchMember, type WriteBatch } from './batch.ts'
export { systemClock, type Clock } from './clock.ts'
export type { CloseOptions, DrainOptions } from './close-options.ts'
export type { Connection } from './connection.ts'
export {
  kernelRoundMs,
  kernelWatchDefaults,
  type KernelRound,
  type KernelWatchOptions,
  type WatchedSessions,
} from './kernel-evidence/kernel-watch-options.ts'
export { createKernelWatch, type KernelWatch } from './kernel-evidence/kernel-watch.ts'
export { createSession } from './create-session.ts'
export type { EndReason, SessionEnd } from './end-reason.ts'
export { sessionErrors, type SessionErrorName } from './errors.ts'
export { createFetchSession, type FetchRequest, type FetchSession } from './fetch-session.ts'
export { jitterUp } from './greeting.ts'
export {
  resolveSessionOptions,
  sessionDefaults,
  type HeartbeatKind,
  type ResolvedSessionOptions,
  type SessionOptions,
} from './options.ts'
export type { EventSourceLike, StreamOptions, StreamResult } from './pump.ts'
export { randomSessionId } from './session-id.ts'
export type { SendResult } from './send-result.ts'
export { Session, type SessionObserver } from './session.ts'
export type {
  CloseCause,
  Framing,
  Protocol,
  Seam,
  Transport,
  TransportListener,
  WriteSeam,
} from './transport.ts'
export { createWheel, IDLE, sharedWheel, TICK_MS, Wheel, type WheelEntry } from './wheel.ts'
export { frameChunk } from './frame-chunk.ts'
export { adoptHeaders, type HeldHeaders, type NodeHost, type NodePair } from './node-host.ts'
export type { NodeRequest, NodeResponse } from './node-response.ts'
export { returnToHttp } from './http-connection.ts'
export { createNodeSession, type NodeSessionOptions } from './node-session.ts'
export { createSocketSession, type SocketSessionOptions } from './socket-session.ts'
export type { ConnectionKeeper, Cuttable, FreeSocket } from './socket-transport.ts'
export { testSeams, type SeamReport } from './seam-test.ts'
export { allowedSeam, limitSeam } from './seam.ts'
export { acceptsEventStream } from './accept.ts'
export type { Cleanup } from './cleanup.ts'
export type { StreamHandler } from './handler-run.ts'
export type { MonitoredSession, SessionMonitor } from './monitor.ts'
export { toRefusal, type Refusal } from './refusal.ts'
export type { HeaderBag } from './head.ts'
export type { SeenRequest } from './forgo-encoding.ts'
export { cutterOf, exchangeBehind, goneSignal, type ServedExchange } from './gone-signal.ts'
export { streamFetch, type FetchHost } from './stream-fetch.ts'
export { StreamGroup } from './stream-group.ts'
export { StreamGroups } from './stream-groups.ts'
export { StreamMetrics, type StreamCounts } from './stream-metrics.ts'
export type { StreamHandlerOptions } from './stream-options.ts'
export { subscribeFetch, type FetchHub, type SubscribeOptions } from './subscribe-fetch.ts'
export { closeStreams, groupOf } from './server-streams.ts'
export { createStreamListener } from './stream-listener.ts'
export { stream, streamNode, type NodeStreamOptions } from './stream.ts'
export { subscribeNode, type NodeHub, type NodeSubscribeOptions } from './subscribe.ts'
