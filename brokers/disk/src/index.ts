export { openDiskBroker, type DiskBroker } from './disk-broker.ts'
export { diskErrors, type DiskErrorName } from './errors.ts'
export type { DiskBrokerOptions, FsyncPolicy } from './options.ts'
export type { DiskReport } from './report.ts'
