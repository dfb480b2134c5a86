/**
 * What became of something sent. `written`: the transport took it. `waiting`: the reader is
 * behind, it is queued in the session. `over`: the session has ended and nothing was written.
 */
export type SendResult = 'written' | 'waiting' | 'over'
