import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'

/** Children that were started and have not ended. */
const running = new Set<ChildProcess>()

function killAll(): void {
  for (const child of running) killChild(child)
}

process.once('exit', killAll)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    killAll()
    process.exit(1)
  })
}

/** Starts a program that is killed, by its own pid, at the latest when this process ends. */
export function startChild(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  const child = spawn(command, args, options)
  running.add(child)
  child.once('exit', () => running.delete(child))
  child.once('error', () => running.delete(child))
  return child
}

/** Kills the child at once. */
export function killChild(child: ChildProcess): void {
  if (!hasEnded(child)) child.kill('SIGKILL')
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** Resolves with the exit code, or the name of the signal, once the child is gone. */
export function childEnd(child: ChildProcess): Promise<number | string> {
  const result = (): number | string => child.exitCode ?? child.signalCode ?? 'unknown'
  if (hasEnded(child)) return Promise.resolve(result())
  return new Promise((resolve) => {
    child.once('exit', () => resolve(result()))
    child.once('error', (error) => resolve(error.message))
  })
}
