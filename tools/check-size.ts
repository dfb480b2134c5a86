/**
 * Bundles what a browser loads, minifies and compresses it, and compares with the budgets below.
 * Exits non-zero with one line for each that is exceeded; `--print` shows all of them.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'

interface Budget {
  readonly name: string
  /** Names that a page imports from the entry. */
  readonly imports: string
  readonly entry: string
  /** Minified and compressed with gzip. */
  readonly maxBytes: number
  /** What the page has anyway. */
  readonly without?: readonly string[]
}

const CLIENT = 'packages/client/src/index.ts'
const CORE = 'packages/client/src/core.ts'
const TABS = 'packages/client/src/tabs/index.ts'
const WORKER = 'packages/client/src/tabs/worker.ts'
const CACHE = 'packages/client/src/cache/index.ts'

const OUTBOX = 'packages/client/src/outbox/index.ts'

const BUDGETS: readonly Budget[] = [
  {
    name: 'parser',
    imports: '{ createParser }',
    entry: 'packages/wire/src/index.ts',
    maxBytes: 2200,
  },
  // The engine: ladder, watchdog and place, behind one function.
  { name: 'core', imports: '*', entry: CORE, maxBytes: 6144 },
  { name: 'EventSource', imports: '{ EventSource }', entry: CLIENT, maxBytes: 6700 },
  { name: 'createClient', imports: '{ createClient }', entry: CLIENT, maxBytes: 11_200 },
  // A page needs the definition; a server alone sends.
  {
    name: 'defineEvents beside the client',
    imports: '{ defineEvents }',
    entry: 'packages/events/src/index.ts',
    maxBytes: 1000,
    without: ['@heartline/wire'],
  },
  {
    name: 'events beside the client',
    imports: '*',
    entry: 'packages/events/src/index.ts',
    maxBytes: 2600,
    without: ['@heartline/wire'],
  },
  { name: 'cache', imports: '*', entry: CACHE, maxBytes: 3200 },
  // Less than half of it beside a client, with which it shares the rest.
  { name: 'outbox', imports: '*', entry: OUTBOX, maxBytes: 2900 },
  {
    name: 'hooks beside React and the client',
    imports: '*',
    entry: 'packages/react/src/index.ts',
    maxBytes: 4000,
    without: ['react', '@heartline/client', '@heartline/client/cache', '@heartline/wire'],
  },
  // Everything of the main entry: the client and the EventSource.
  { name: 'whole', imports: '*', entry: CLIENT, maxBytes: 12_288 },
  // The client is in it.
  { name: 'createSharedClient', imports: '*', entry: TABS, maxBytes: 16_900 },
  { name: 'shared worker', imports: '*', entry: WORKER, maxBytes: 13_850 },
]

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = mkdtempSync(join(tmpdir(), 'heartline-size-'))
try {
  for (const budget of BUDGETS) await check(budget)
} finally {
  rmSync(folder, { recursive: true })
}

async function check(budget: Budget): Promise<void> {
  const bytes = await measure(budget)
  const line = `${budget.name}: ${bytes} bytes of ${budget.maxBytes}`
  if (process.argv.includes('--print')) console.log(line)
  if (bytes <= budget.maxBytes) return
  console.error(`${line}: make it smaller, or say in the commit why it grows`)
  process.exitCode = 1
}

async function measure({ imports, entry, without = [] }: Budget): Promise<number> {
  const input = join(folder, 'entry.ts')
  writeFileSync(input, `export ${imports} from ${JSON.stringify(join(root, entry))}\n`)
  const bundle = await rolldown({
    input,
    platform: 'browser',
    external: [...without],
    logLevel: 'silent',
    resolve: { conditionNames: ['@heartline/source'] },
  })
  // Marks for bundlers are gone from what a page loads.
  const { output } = await bundle.generate({ format: 'esm', minify: true, comments: false })
  await bundle.close()
  return gzipSync(output[0].code, { level: 9 }).length
}
