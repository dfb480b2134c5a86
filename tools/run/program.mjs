import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { ROOT } from './paths.mjs'

const REPEAT_MS = 500

/**
 * Runs a program with this terminal and answers its exit code. Signals are passed on.
 *
 * `ownGroup` is for programs that take a second Ctrl-C as "stop now": a terminal sends Ctrl-C to
 * the whole process group and npm passes it on once more, so the program would see two. In a
 * group of its own it gets what is passed on here, with repeats inside half a second left out.
 */
export function runInFront(command, args, { ownGroup = false } = {}) {
  const detached = ownGroup && process.platform !== 'win32'
  const stdin = detached ? 'ignore' : 'inherit'
  const child = spawn(command, args, { cwd: ROOT, detached, stdio: [stdin, 'inherit', 'inherit'] })
  const stop = passSignals(child, detached)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      stop()
      resolve(code ?? 128 + constants.signals[signal])
    })
  })
}

function passSignals(child, detached) {
  const last = new Map()
  const pass = (signal) => {
    // Without a group of its own the program has had the terminal's Ctrl-C already.
    if (signal === 'SIGINT' && !detached) return
    const now = performance.now()
    if (now - (last.get(signal) ?? -REPEAT_MS) < REPEAT_MS) return
    last.set(signal, now)
    child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, pass)
  return () => {
    for (const signal of signals) process.off(signal, pass)
  }
}
