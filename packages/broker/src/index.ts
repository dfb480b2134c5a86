export type {
  AppendResult,
  Broker,
  Durability,
  Entry,
  Located,
  LogState,
  NewEntry,
  Position,
  ReadPage,
  ReadRequest,
  RecoveryReport,
  Tail,
  TailSink,
  WritableState,
} from './broker.ts'
export { entryBytes, toEntry, toWellFormed } from './entry.ts'
export { randomEpoch, requireEpoch } from './epoch.ts'
export {
  brokerErrors,
  brokerOptionErrors,
  requireInteger,
  type BrokerErrorName,
  type BrokerOptionErrorName,
} from './errors.ts'
export { MemoryLog, type Retention } from './internal/memory-log.ts'
export { createMemoryBroker } from './memory-broker.ts'
export type { MemoryBrokerOptions } from './memory-options.ts'
export { PublishWindow } from './publish-window.ts'
export { TailGroup, type TailedLog } from './tail-group.ts'
