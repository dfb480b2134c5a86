/** A package and what its sources may import from its siblings. */
export interface Room {
  readonly name: string
  readonly folder: string
  readonly mayImport: readonly string[]
}

/** From the ground up. A room imports only what stands below it. */
export const FLOORS: readonly Room[] = [
  { name: '@heartline/wire', folder: 'packages/wire', mayImport: [] },
  { name: '@heartline/io-uring', folder: 'packages/io-uring', mayImport: ['@heartline/wire'] },
  { name: '@heartline/client', folder: 'packages/client', mayImport: ['@heartline/wire'] },
  {
    name: '@heartline/react',
    folder: 'packages/react',
    mayImport: ['@heartline/wire', '@heartline/client'],
  },
  { name: '@heartline/session', folder: 'packages/session', mayImport: ['@heartline/wire'] },
  { name: '@heartline/events', folder: 'packages/events', mayImport: ['@heartline/wire'] },
  { name: '@heartline/broker', folder: 'packages/broker', mayImport: ['@heartline/wire'] },
  {
    name: '@heartline/broker-disk',
    folder: 'brokers/disk',
    mayImport: ['@heartline/wire', '@heartline/broker'],
  },
  {
    name: '@heartline/broker-relay',
    folder: 'brokers/relay',
    mayImport: ['@heartline/wire', '@heartline/broker'],
  },
  {
    name: '@heartline/hub',
    folder: 'packages/hub',
    mayImport: ['@heartline/wire', '@heartline/session', '@heartline/broker'],
  },
  {
    name: '@heartline/graphql',
    folder: 'packages/graphql',
    mayImport: ['@heartline/wire', '@heartline/client', '@heartline/session', '@heartline/broker'],
  },
  {
    name: '@heartline/console',
    folder: 'packages/console',
    mayImport: ['@heartline/wire', '@heartline/client'],
  },
  {
    name: '@heartline/express',
    folder: 'adapters/express',
    mayImport: ['@heartline/session'],
  },
  {
    name: '@heartline/fastify',
    folder: 'adapters/fastify',
    mayImport: ['@heartline/session'],
  },
  {
    name: '@heartline/koa',
    folder: 'adapters/koa',
    mayImport: ['@heartline/wire', '@heartline/session'],
  },
  {
    name: '@heartline/nest',
    folder: 'adapters/nest',
    mayImport: ['@heartline/wire', '@heartline/session'],
  },
  {
    name: '@heartline/hono',
    folder: 'adapters/hono',
    mayImport: ['@heartline/wire', '@heartline/session'],
  },
  {
    name: '@heartline/h3',
    folder: 'adapters/h3',
    mayImport: ['@heartline/wire', '@heartline/session'],
  },
  {
    name: '@heartline/elysia',
    folder: 'adapters/elysia',
    mayImport: ['@heartline/wire', '@heartline/session'],
  },
  {
    name: 'heartline',
    folder: 'packages/server',
    mayImport: [
      '@heartline/wire',
      '@heartline/io-uring',
      '@heartline/client',
      '@heartline/session',
      '@heartline/broker',
      '@heartline/broker-disk',
      '@heartline/broker-relay',
      '@heartline/hub',
    ],
  },
]

/** Entries that must run in browsers, Bun, Deno and Workers: nothing of Node is reachable. */
export const NEUTRAL_ENTRIES: readonly string[] = [
  'packages/wire/src/index.ts',
  'packages/client/src/index.ts',
  'packages/client/src/browser.ts',
  'packages/client/src/core.ts',
  'packages/client/src/failure.browser.ts',
  'packages/client/src/outbox/index.ts',
  'packages/react/src/index.ts',
  'packages/client/src/cache/index.ts',
  'packages/client/src/tabs/index.ts',
  'packages/client/src/tabs/worker.ts',
  'packages/session/src/fetch.ts',
  'packages/events/src/index.ts',
  'packages/events/src/openapi/index.ts',
  'packages/graphql/src/index.ts',
  'packages/graphql/src/client.ts',
  'adapters/hono/src/index.ts',
  'adapters/h3/src/index.ts',
  'adapters/elysia/src/index.ts',
]

/** Packages of others that such an entry may import: they run anywhere themselves. */
export const NEUTRAL_PACKAGES: readonly string[] = ['react', 'graphql', 'hono/http-exception', 'h3']

/** Folders whose sources may read `process.env` and `process.argv`. */
export const READS_ENVIRONMENT: readonly string[] = ['packages/server']
