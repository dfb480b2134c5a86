import { build } from './build.mjs'
import { check } from './check.mjs'
import { install } from './install.mjs'
import { FROM_SOURCE, HUB, VITEST } from './paths.mjs'
import { runInFront } from './program.mjs'
import { StepFailed } from './step.mjs'

const commands = {
  async start(rest) {
    await install()
    await build()
    return runInFront(process.execPath, [HUB, 'demo', ...rest])
  },
  async test(rest) {
    await install()
    // Some tests start the built program.
    await build()
    return runInFront(process.execPath, [VITEST, 'run', ...rest])
  },
  async bench(rest) {
    await install()
    // Measured as users run it: the built program.
    await build()
    return runInFront(process.execPath, [...FROM_SOURCE, 'bench/main.ts', ...rest])
  },
  async build() {
    await install()
    await build()
    return 0
  },
  async check() {
    await install()
    await build()
    await check()
    return 0
  },
}

/** Runs one command and leaves its exit code. */
export async function main([name = '', ...rest]) {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    console.error(`Unknown command '${name}'. Known: ${Object.keys(commands).join(', ')}.`)
    process.exitCode = 2
    return
  }
  try {
    process.exitCode = await command(rest)
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    process.exitCode = 1
  }
}
