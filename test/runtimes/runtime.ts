import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { npm } from './npm.ts'

/** Outside of the workspaces: some 100 MB each, kept between runs. */
const CACHE = fileURLToPath(
  new URL('../../node_modules/.cache/heartline-runtimes/', import.meta.url),
)
const INSTALL_MS = 180_000

/** One runtime of JavaScript, as an npm package that carries its binary. */
export interface Runtime {
  readonly name: string
  readonly package: 'node' | 'bun' | 'deno'
  readonly version: string
  /** What comes before the name of a program. */
  readonly flags: readonly string[]
  /** How a hub writes to its readers there, and why not faster. */
  readonly seam: 'handle' | 'socket' | 'response'
  readonly reason?: string | undefined
}

const NO_REQUESTS = 'the native handle is not as expected'
const NOT_NODE = 'this runtime is not Node'

export const RUNTIMES: readonly Runtime[] = [
  node('20.20.2', 'handle'),
  node('22.23.3', 'handle'),
  node('24.21.0', 'handle'),
  node('26.10.0', 'socket', NO_REQUESTS),
  {
    name: 'Bun',
    package: 'bun',
    version: '1.4.5',
    flags: [],
    seam: 'response',
    reason: NOT_NODE,
  },
  {
    name: 'Deno',
    package: 'deno',
    version: '2.9.6',
    flags: ['run', '--allow-all', '--no-lock'],
    seam: 'socket',
    reason: NOT_NODE,
  },
]

function node(version: string, seam: Runtime['seam'], reason?: string): Runtime {
  const name = `Node.js ${version.split('.', 1)[0]}`
  return { name, package: 'node', version, flags: [], seam, reason }
}

/** What is installed, and asked for its version. */
export interface Installable {
  readonly package: Runtime['package'] | 'workerd'
  readonly version: string
  /** How it names its version. Default: as npm does. */
  readonly calledItself?: string | undefined
}

/** The binary of a runtime. It is installed when it is not there yet. */
export async function binaryOf(runtime: Installable): Promise<string> {
  const folder = join(CACHE, `${runtime.package}-${runtime.version}`)
  const binary = join(folder, 'node_modules/.bin', runtime.package)
  if (!existsSync(binary)) await install(runtime, folder)
  const { stdout } = await promisify(execFile)(binary, ['--version'])
  const version = runtime.calledItself ?? runtime.version
  if (!stdout.includes(version)) {
    throw new Error(`${binary} is ${stdout.trim()}, not ${version}: remove ${folder}`)
  }
  return binary
}

/** Installed beside and renamed: a run that is cut off leaves nothing half done in its place. */
async function install(runtime: Installable, folder: string): Promise<void> {
  await mkdir(CACHE, { recursive: true })
  const beside = await mkdtemp(`${folder}.`)
  const manifest = {
    private: true,
    dependencies: { [runtime.package]: runtime.version },
    // The scripts that put the binary for this machine in its place.
    allowScripts: { [runtime.package]: true },
  }
  try {
    await writeFile(join(beside, 'package.json'), JSON.stringify(manifest))
    await npm(beside, ['install', '--no-package-lock', '--prefer-offline'], INSTALL_MS)
    await rename(beside, folder).catch((error: unknown) => {
      // Another run was faster.
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
}
