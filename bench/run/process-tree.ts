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
  const stat = read(`/proc/${pid}/stat`)
  // The name of the program stands in parentheses and may hold anything.
  const parent = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1]
  return parent === undefined ? undefined : Number(parent)
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // The process ended meanwhile.
    return undefined
  }
}
