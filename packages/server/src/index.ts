export type {
  AuthSettings,
  Config,
  KeySettings,
  LimitSettings,
  TokenAlgorithm,
} from './config/config.ts'
export type { ListenAddress } from './config/listen-address.ts'
export { defaultConfig, loadConfig, type ConfigSources } from './config/load.ts'
export type { StoreSetting } from './config/store.ts'
export { serverErrors, type ServerErrorName } from './errors.ts'
export { createJsonLogger, type Logger } from './log.ts'
export { createServer, type HeartlineServer, type ServerDependencies } from './server.ts'
