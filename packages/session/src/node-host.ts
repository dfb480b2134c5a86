import type { NodeRequest, NodeResponse } from './node-response.ts'

/** A request of Node and the response that goes with it. */
export interface NodePair {
  readonly request: NodeRequest
  readonly response: NodeResponse
}

/** What an adapter adds. */
export interface NodeHost<Context> {
  /** Given to the handler and to `authorize`. */
  readonly context: Context
  /**
   * Called right before the head: puts on the response what the framework holds elsewhere. Until the
   * head was sent the response is the framework's, whose page of errors may still have to leave.
   */
  readonly prepare?: (() => void) | undefined
  /** Called right after the head, or when nobody is left to send one to: nobody else is to answer. */
  readonly takeOver?: (() => void) | undefined
}

/** Sends a head for an adapter. */
export function openFor<Opened>(host: NodeHost<unknown>, open: () => Opened): Opened {
  host.prepare?.()
  const opened = open()
  host.takeOver?.()
  return opened
}

/** Headers as frameworks hold them. */
export type HeldHeaders = Readonly<Record<string, number | string | string[] | undefined>>

/** Puts headers on a response that has none of that name. */
export function adoptHeaders(response: NodeResponse, headers: HeldHeaders): void {
  if (response.headersSent) return
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !response.hasHeader(name)) response.setHeader(name, value)
  }
}
