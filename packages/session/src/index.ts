export type { EndReason, SessionEnd } from './end-reason.ts'
export type { Framing, Transport, TransportListener } from './transport.ts'
