export { createSharedClient } from './shared-client.ts'
export type { SharedClientOptions } from './options.ts'
