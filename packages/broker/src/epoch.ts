import { randomInt } from 'node:crypto'
import { HeartlineError } from '@heartline/wire'
import { brokerOptionErrors } from './errors.ts'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** A name for a new life of a log: 8 random characters, about 41 bits. */
export function randomEpoch(): string {
  return Array.from({ length: 8 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}

/** Returns the epoch, or throws `HL_BROKER_OPTION` when a cursor could not carry it. */
export function requireEpoch(epoch: string): string {
  if (/^[a-z0-9]{1,16}$/.test(epoch)) return epoch
  throw new HeartlineError(brokerOptionErrors.invalidOption, {
    option: 'epoch',
    value: epoch,
    allowed: 'one to sixteen of a-z and 0-9',
  })
}
