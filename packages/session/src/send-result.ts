/**
 * What became of something sent. `written`: the transport took it. `waiting`: the reader is
 * behind, it is queued in the session. `over`: nothing was written, since the session has ended, or
 * its connection has, and the session ends in a later turn.
 */
export type SendResult = 'written' | 'waiting' | 'over'
