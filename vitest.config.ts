import { defineConfig } from 'vitest/config'

// Tests read the sources of sibling packages, never a stale build.
const conditions = ['@heartline/source']

// Hubs that tests start refuse names that are no settings: tests know this one by another.
const { HEARTLINE_TEST_SEAM: seam = 'handle' } = process.env
delete process.env['HEARTLINE_TEST_SEAM']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'brokers/*/test/**/*.test.ts',
      'adapters/*/test/**/*.test.ts',
      'examples/**/*.test.ts',
      'test/**/*.test.ts',
      'bench/test/**/*.test.ts',
    ],
    setupFiles: [
      'packages/session/test/kit/use-seam.ts',
      'test/kit/use-front-door.ts',
      'test/kit/use-io-uring.ts',
    ],
    env: { TEST_SEAM: seam },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    // What is waited for may take its time on a busy machine: one second is not enough there.
    expect: { poll: { timeout: 15_000 } },
    maxWorkers: 2,
  },
})
