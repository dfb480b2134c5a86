import { readFileSync } from 'node:fs'
import os from 'node:os'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  /** Processes that wanted a core in the minute before. Near 0 on a quiet machine. */
  readonly loadAverage: number
}

/** What a figure is worth depends on where it was measured. */
export function describeMachine(): Machine {
  return {
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${distribution()}, Linux ${os.release()}, ${os.arch()}`,
    node: process.versions.node,
    loadAverage: Math.round((os.loadavg()[0] ?? 0) * 10) / 10,
  }
}

function distribution(): string {
  try {
    const text = readFileSync('/etc/os-release', 'utf8')
    return /^PRETTY_NAME="(.*)"$/m.exec(text)?.[1] ?? os.type()
  } catch {
    return os.type()
  }
}
