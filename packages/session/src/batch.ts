/** `Session.joinBatch` answers a descriptor, or one of these. */

/** The session has to be written to through `writeFramed`. */
export const NO_BATCH = -1
/** The batch has bytes for the session already: it has to be sent before more is written. */
export const IN_BATCH = -2
