import { defineConfig } from 'vitest/config'

// Tests read the sources of sibling packages, never a stale build.
const conditions = ['@heartline/source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'brokers/*/test/**/*.test.ts',
      'test/**/*.test.ts',
      'bench/test/**/*.test.ts',
    ],
    setupFiles: ['packages/session/test/kit/use-seam.ts', 'test/kit/use-front-door.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    maxWorkers: 2,
  },
})
