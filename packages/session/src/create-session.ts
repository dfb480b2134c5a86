import { resolveSessionOptions, type SessionOptions } from './options.ts'
import { Session } from './session.ts'
import type { Transport } from './transport.ts'

/**
 * Opens a session over a transport of your own that has sent the response head. Sends the first
 * bytes. Throws `HL_OPTION_INVALID`.
 */
export function createSession(transport: Transport, options: SessionOptions = {}): Session {
  return new Session(transport, resolveSessionOptions(options))
}
