#!/usr/bin/env node
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const program = new URL('../dist/main.js', import.meta.url)
const script = new URL('../../../tools/run.mjs', import.meta.url)

// In a clone that was installed but not built; a published package always has its `dist`.
if (!existsSync(program) && existsSync(script)) {
  const build = [fileURLToPath(script), 'build']
  // Its words go to stderr: stdout is the program's own.
  const { status } = spawnSync(process.execPath, build, { stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
}
await import(program.href)
