/** How a peer that simply leaves looks from here. */
const LEFT = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE'])

/** Whether a transport that closed with this error failed, or its peer left. */
export function closeCause(error: unknown): 'disconnected' | 'error' {
  if (error === undefined || error === null) return 'disconnected'
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && LEFT.has(code) ? 'disconnected' : 'error'
}
