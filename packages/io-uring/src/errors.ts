import type { ErrorCatalogue } from '@heartline/wire'

export type IoUringErrorName = 'unavailable'

/** What this package throws. */
export const ioUringErrors: ErrorCatalogue<IoUringErrorName> = {
  unavailable: {
    code: 'HL_IO_URING_UNAVAILABLE',
    message: 'io_uring cannot be used here ({reason}). Writes go through the sockets instead.',
    fault: 'server',
    retryable: false,
    status: 500,
  },
}
