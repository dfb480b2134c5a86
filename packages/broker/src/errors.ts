import { HeartlineError, type ErrorCatalogue } from '@heartline/wire'

export type BrokerErrorName =
  | 'unavailable'
  | 'ambiguous'
  | 'expired'
  | 'tooLarge'
  | 'throttled'
  | 'storageFull'
  | 'locked'
  | 'closed'

/** The closed set of errors of every broker. */
export const brokerErrors: ErrorCatalogue<BrokerErrorName> = {
  unavailable: {
    code: 'HL_BROKER_UNAVAILABLE',
    message: 'The log cannot be reached ({reason}). Nothing was applied; try again.',
    fault: 'server',
    retryable: true,
    status: 503,
  },
  ambiguous: {
    code: 'HL_BROKER_AMBIGUOUS',
    message:
      'The append may or may not have been applied ({reason}). Retry it with the same publish id.',
    fault: 'server',
    retryable: true,
    status: 504,
  },
  expired: {
    code: 'HL_CURSOR_EXPIRED',
    message:
      'Entries after offset {after} were removed by retention; the oldest position is {base}.',
    fault: 'caller',
    retryable: false,
    status: 410,
  },
  tooLarge: {
    code: 'HL_ENTRY_TOO_LARGE',
    message:
      'The entry has {bytes} bytes, the log takes at most {maxBytes}. Publish a smaller event.',
    fault: 'caller',
    retryable: false,
    status: 413,
  },
  throttled: {
    code: 'HL_BROKER_THROTTLED',
    message: 'More than {maxPending} appends are waiting. Publish more slowly or try again.',
    fault: 'server',
    retryable: true,
    status: 429,
  },
  storageFull: {
    code: 'HL_STORAGE_FULL',
    message:
      'The disk of the log is full. Nothing was stored; free space, readers go on meanwhile.',
    fault: 'server',
    retryable: true,
    status: 507,
  },
  locked: {
    code: 'HL_STORE_LOCKED',
    message:
      'The store {directory} is in use by another process. Stop it or choose another directory.',
    fault: 'caller',
    retryable: false,
    status: 503,
  },
  closed: {
    code: 'HL_BROKER_CLOSED',
    message: 'The log is closed.',
    fault: 'caller',
    retryable: false,
    status: 503,
  },
}

export type BrokerOptionErrorName = 'invalidOption'

/** Thrown at once by the functions that make a broker; never by a broker. */
export const brokerOptionErrors: ErrorCatalogue<BrokerOptionErrorName> = {
  invalidOption: {
    code: 'HL_BROKER_OPTION',
    message: 'The option {option} is {value}; allowed is {allowed}.',
    fault: 'caller',
    retryable: false,
    status: 500,
  },
}

/** Returns `value`, or throws `HL_BROKER_OPTION` unless it is an integer of at least `least`. */
export function requireInteger(option: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new HeartlineError(brokerOptionErrors.invalidOption, {
    option,
    value,
    allowed: `an integer from ${least}`,
  })
}
