export { relayErrors, type RelayErrorName } from './errors.ts'
export type { RelayBrokerOptions, RelayReport } from './options.ts'
export {
  encodeEntry,
  LOG_EVENTS,
  LOG_PATH,
  type AppendGroup,
  type AppendOutcome,
  type LogGreeting,
  type LogHead,
} from './protocol.ts'
export { openRelayBroker } from './relay-broker.ts'
export { parseUpstreamUrl, type UpstreamAddress } from './upstream-address.ts'
