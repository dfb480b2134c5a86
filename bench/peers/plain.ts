import type { Endpoint } from '../run/peer.ts'

/** The interface of the small servers in ../programs: the body of a POST is the event. */
export const PLAIN: Endpoint = {
  streamPath: '/',
  publish: { path: '/', contentType: 'text/plain' },
}
