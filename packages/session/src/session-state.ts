/** Whether a session can be written to: now, later, or never again. Numbers, since it is asked at every write. */
export type State = typeof FREE | typeof BLOCKED | typeof OVER
export const FREE = 0
export const BLOCKED = 1
export const OVER = 2
