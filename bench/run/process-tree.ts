import { readdirSync, readFileSync } from 'node:fs'

const PAGE_BYTES = 4096

/** The process and everything it started, as long as their parents live. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const pid of allPids()) {
    const parent = parentOf(pid)
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const tree = [root]
  for (const pid of tree) tree.push(...(children.get(pid) ?? []))
  return tree
}

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessMark {
  readonly pid: number
  readonly startedAt: string | undefined
}

export function markProcesses(pids: readonly number[]): ProcessMark[] {
  return pids.map((pid) => ({ pid, startedAt: startOf(pid) }))
}

/** Whether that very process still runs. One that ended and was not waited for does not. */
export function isRunning({ pid, startedAt }: ProcessMark): boolean {
  const fields = fieldsOf(pid)
  return startedAt !== undefined && fields?.[19] === startedAt && fields[0] !== 'Z'
}

/** Resident memory of the processes together, in bytes. Pages they share count for each. */
export function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const pages = read(`/proc/${pid}/statm`)?.split(' ')[1]
    return sum + Number(pages ?? 0) * PAGE_BYTES
  }, 0)
}

function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

function parentOf(pid: number): number | undefined {
  const parent = fieldsOf(pid)?.[1]
  return parent === undefined ? undefined : Number(parent)
}

/** When the process started, in ticks since boot. */
function startOf(pid: number): string | undefined {
  return fieldsOf(pid)?.[19]
}

/** The fields of /proc/PID/stat from the third on: the name before them may hold anything. */
function fieldsOf(pid: number): string[] | undefined {
  const stat = read(`/proc/${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // The process ended meanwhile.
    return undefined
  }
}
