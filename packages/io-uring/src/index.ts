export { ioUringErrors, type IoUringErrorName } from './errors.ts'
export { openRingSender } from './open.ts'
export { RingSender } from './ring-sender.ts'
