import { readdirSync, readFileSync } from 'node:fs'
import { waitFor } from './wait-for.ts'

interface WorkerLine {
  readonly msg?: string
  readonly worker?: number
  readonly pid?: number
}

/** The process in the place of each worker, from what the first process logged. */
export function workerPids(log: string): Map<number, number> {
  const pids = new Map<number, number>()
  for (const line of log.split('\n')) {
    if (!line.includes('"Worker listens"')) continue
    const { worker, pid } = JSON.parse(line) as WorkerLine
    if (worker !== undefined && pid !== undefined) pids.set(worker, pid)
  }
  return pids
}

/** The processes that a process has started, from /proc. */
export function childPids(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent)
}

/** True while the process exists and is no zombie. */
export function isAlive(pid: number): boolean {
  return !['', 'Z', 'X'].includes(statOf(pid)[0] ?? '')
}

/** Runs something while the other processes do not run, so that one of them must serve it. */
export async function whileStopped<Value>(
  pids: readonly number[],
  work: () => Promise<Value>,
): Promise<Value> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  try {
    await waitFor(() => pids.every((pid) => statOf(pid)[0] === 'T'), {
      what: 'the processes stand still',
    })
    return await work()
  } finally {
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGCONT')
  }
}

function parentOf(pid: number): number {
  return Number(statOf(pid)[1] ?? -1)
}

/** State, parent and so on: what follows the name, which may hold anything. */
function statOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}
