import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The built program. */
export const HUB = join(ROOT, 'packages/server/bin/heartline.js')

/** The test runner. */
export const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs')

/** Flags of Node with which a program of this repository runs without being built. */
export const FROM_SOURCE = ['--import', 'tsx', '--conditions=@heartline/source']
