import { execFile, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Program } from '../../examples/kit/program.ts'
import { freePort } from '../kit/free-port.ts'
import type { FrameworkName } from './installed.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** What the examples import, with what that needs. */
const PACKAGES = ['wire', 'session', 'broker', 'hub']
const BUILD_MS = 280_000

/** How one framework builds an application and serves what it has built. */
export interface Framework {
  readonly name: Exclude<FrameworkName, 'nitro-2'>
  /** The folder of `examples`, and what of it is the application. */
  readonly example: string
  readonly parts: readonly string[]
  /** Arguments to Node.js; the first is looked for in what is installed. */
  readonly build: readonly string[]
  readonly serve: (port: number) => readonly string[]
  /** At SIGTERM. */
  readonly exitCode: number
}

export const FRAMEWORKS: readonly Framework[] = [
  {
    name: 'sveltekit',
    example: 'sveltekit',
    parts: ['src'],
    build: ['node_modules/vite/bin/vite.js', 'build'],
    serve: () => ['build/index.js'],
    exitCode: 0,
  },
  {
    name: 'react-router',
    example: 'react-router',
    parts: ['app'],
    build: ['node_modules/@react-router/dev/bin.js', 'build'],
    serve: () => ['node_modules/@react-router/serve/bin.js', './build/server/index.js'],
    exitCode: 0,
  },
  {
    name: 'next',
    example: 'nextjs',
    parts: ['app', 'lib'],
    build: ['node_modules/next/dist/bin/next', 'build'],
    serve: (port) => [
      'node_modules/next/dist/bin/next',
      'start',
      '-H',
      '127.0.0.1',
      '-p',
      `${port}`,
    ],
    // It tells that a signal has ended it.
    exitCode: 143,
  },
]

/** The application of an example with what its framework asks for besides, built by it. */
export class Application {
  readonly #framework: Framework
  readonly #installed: string
  readonly #folder: string

  private constructor(framework: Framework, installed: string, folder: string) {
    this.#framework = framework
    this.#installed = installed
    this.#folder = folder
  }

  static async build(framework: Framework, installed: string): Promise<Application> {
    // Below what is installed: that is where it looks for its framework.
    const folder = await mkdtemp(join(installed, 'app-'))
    const application = new Application(framework, installed, folder)
    await application.#assemble()
    const args = application.#args(framework.build)
    await promisify(execFile)(process.execPath, args, {
      cwd: folder,
      env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
      timeout: BUILD_MS,
    })
    return application
  }

  /** Serves it; resolves once it answers. */
  async serve(): Promise<{ program: Program; url: string }> {
    const port = await freePort()
    const env = { ...process.env, NODE_ENV: 'production', PORT: `${port}`, HOST: '127.0.0.1' }
    const args = this.#args(this.#framework.serve(port))
    const stdio = ['ignore', 'pipe', 'pipe'] as const
    const program = new Program(
      spawn(process.execPath, args, { cwd: this.#folder, env, stdio: [...stdio] }),
    )
    const url = `http://127.0.0.1:${port}`
    for (let i = 0; i < 600; i++) {
      if (await fetch(`${url}/sessions`).catch(() => undefined)) return { program, url }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    program.kill()
    throw new Error(`It does not answer: ${program.output}`)
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }

  #args([program = '', ...rest]: readonly string[]): string[] {
    return [program.startsWith('node_modules/') ? join(this.#installed, program) : program, ...rest]
  }

  async #assemble(): Promise<void> {
    const { name, example, parts } = this.#framework
    const at = (...names: string[]): string => join(this.#folder, ...names)
    await cp(join(ROOT, 'test/frameworks', name, 'app'), this.#folder, { recursive: true })
    await cp(join(ROOT, 'test/frameworks', name, 'package.json'), at('package.json'))
    for (const part of parts) {
      await cp(join(ROOT, 'examples', example, part), at(part), { recursive: true })
    }
    for (const one of PACKAGES) {
      const to = at('node_modules/@heartline', one)
      await mkdir(to, { recursive: true })
      for (const part of ['package.json', 'dist']) {
        await cp(join(ROOT, 'packages', one, part), join(to, part), { recursive: true })
      }
    }
  }
}
