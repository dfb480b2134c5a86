import type { ErrorCatalogue } from '@heartline/wire'

export type DiskErrorName = 'notDirectory' | 'notWritable' | 'corrupt' | 'unknownFormat' | 'io'

/** Why a store cannot be opened. A store in use by another process is `HL_STORE_LOCKED`. */
export const diskErrors: ErrorCatalogue<DiskErrorName> = {
  notDirectory: {
    code: 'HL_STORE_NOT_DIRECTORY',
    message: 'The store {directory} is not a directory. Choose another path or remove the file.',
    fault: 'caller',
    retryable: false,
    status: 503,
  },
  notWritable: {
    code: 'HL_STORE_NOT_WRITABLE',
    message: 'The store {directory} cannot be written ({reason}). Check its owner and mode.',
    fault: 'caller',
    retryable: false,
    status: 503,
  },
  corrupt: {
    code: 'HL_STORE_CORRUPT',
    message:
      'The store {directory} is damaged ({reason}). Restore a copy, or move it away to start empty.',
    fault: 'server',
    retryable: false,
    status: 503,
  },
  unknownFormat: {
    code: 'HL_STORE_FORMAT',
    message:
      'The store {directory} has format {found}; this version reads format {known}. Use the version that wrote it.',
    fault: 'caller',
    retryable: false,
    status: 503,
  },
  io: {
    code: 'HL_STORE_IO',
    message: 'The store {directory} cannot be opened ({reason}).',
    fault: 'server',
    retryable: true,
    status: 503,
  },
}
