const NEVER = Infinity

/** The deadlines that most sessions never have, in milliseconds of the wheel's clock. */
export class Deadlines {
  blockedAt: number = NEVER
  ageAt: number = NEVER
  lingerAt: number = NEVER
  /** The one in Unix milliseconds. */
  expiresAt: number = NEVER
}
