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
export { brokerErrors, type BrokerErrorName } from './errors.ts'
