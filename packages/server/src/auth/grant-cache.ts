import { hash } from 'node:crypto'
import type { Grant } from './grant.ts'

/** A key that was withdrawn from a key set is honoured no longer than this. */
const MAX_AGE_MS = 60_000
const MAX_GRANTS = 1000

interface Kept {
  readonly grant: Grant
  readonly until: number
}

/**
 * Remembers what tokens allow: a publisher sends the same one with every request, and checking its
 * signature costs more than storing its event. Tokens are known by their hash, so that none is
 * kept in memory.
 */
export class GrantCache {
  readonly #now: () => number
  /** In order of their last use. */
  readonly #grants = new Map<string, Kept>()

  constructor(now: () => number) {
    this.#now = now
  }

  find(token: string): Grant | undefined {
    const key = hashOf(token)
    const kept = this.#grants.get(key)
    if (kept === undefined) return undefined
    this.#grants.delete(key)
    if (kept.until <= this.#now()) return undefined
    this.#grants.set(key, kept)
    return kept.grant
  }

  /** Keeps the grant of a token that was verified just now. */
  keep(token: string, grant: Grant): void {
    const until = Math.min(this.#now() + MAX_AGE_MS, grant.expiresAtMs ?? Infinity)
    this.#grants.set(hashOf(token), { grant, until })
    if (this.#grants.size <= MAX_GRANTS) return
    const [oldest] = this.#grants.keys()
    if (oldest !== undefined) this.#grants.delete(oldest)
  }
}

function hashOf(token: string): string {
  return hash('sha256', token, 'base64')
}
