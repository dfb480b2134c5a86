/** A server that cannot run on this machine. The message says what is missing, in one sentence. */
export class Unavailable extends Error {}
