import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Unavailable } from './unavailable.ts'

/** The folder of the benchmarks. */
export const BENCH: string = dirname(dirname(fileURLToPath(import.meta.url)))

/** The repository. */
export const ROOT: string = dirname(BENCH)

const CACHE = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'heartline-bench',
  process.arch,
)

/**
 * Compiles C sources into one program, unless these very sources were compiled before.
 *
 * @returns the path of the program
 * @throws Unavailable without a C compiler, or when it refuses
 */
export function buildC(name: string, sources: readonly string[]): string {
  return cached(name, sources, (output) => {
    const inputs = sources.filter((source) => source.endsWith('.c'))
    run('cc', ['-O2', '-Wall', '-Wextra', '-o', output, ...inputs], BENCH)
  })
}

/** Compiles the Go module in a folder. Throws Unavailable like `buildC`. */
export function buildGo(name: string, folder: string): string {
  const sources = filesIn(folder)
  return cached(name, sources, (output) => {
    run('go', ['build', '-trimpath', '-buildvcs=false', '-o', output, '.'], folder)
  })
}

/** All files of a folder, in one order. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
}

/** What a program prints when asked for its version, or undefined when it is not here. */
export function outputOf(program: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch {
    return undefined
  }
}

/** The path of a program on the PATH, or undefined. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

function cached(name: string, sources: readonly string[], make: (output: string) => void): string {
  const hash = createHash('sha256')
  for (const source of sources) hash.update(basename(source)).update(readFileSync(source))
  const program = join(CACHE, `${name}-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(program)) return program
  mkdirSync(CACHE, { recursive: true })
  // Under a name of its own first: two runs at once must not see half a program.
  const unfinished = `${program}.${process.pid}`
  make(unfinished)
  renameSync(unfinished, program)
  return program
}

function run(program: string, args: readonly string[], cwd: string): void {
  try {
    execFileSync(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: string }
    if (code === 'ENOENT') throw new Unavailable(`the program \`${program}\` is not installed`)
    throw new Unavailable(
      `${program} failed: ${String(stderr ?? error)
        .trim()
        .slice(0, 1_000)}`,
    )
  }
}
