import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { ROOT } from './paths.mjs'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
const WATCH_MS = 500

/**
 * Runs a program with this terminal and answers its exit code. Signals are passed on; a Ctrl-C
 * also reaches the program straight from the terminal, so it must bear two of them.
 */
export function runInFront(command, args) {
  const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit' })
  // A terminal that was closed asks to leave in good order, too.
  const pass = (signal) => child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal)
  for (const signal of SIGNALS) process.on(signal, pass)
  const watch = watchNpm(() => child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      clearInterval(watch)
      for (const name of SIGNALS) process.off(name, pass)
      resolve(code ?? 128 + constants.signals[signal])
    })
  })
}

/** npm passes a signal on to its shell only. When that is gone, nobody else tells the program. */
function watchNpm(onGone) {
  if (process.env.npm_lifecycle_event === undefined) return undefined
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    onGone()
  }, WATCH_MS)
  watch.unref()
  return watch
}
