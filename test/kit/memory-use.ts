import { readFileSync } from 'node:fs'

export interface MemoryUse {
  /** Resident bytes of the process. */
  readonly rssBytes: number
  /** The part of them that no file backs: heap, stacks, buffers. */
  readonly anonymousBytes: number
}

/** What the kernel says about a process. Linux only. */
export function memoryUse(pid: number): MemoryUse {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return { rssBytes: lineBytes(status, 'VmRSS'), anonymousBytes: lineBytes(status, 'RssAnon') }
}

function lineBytes(status: string, name: string): number {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)
  if (match === null) throw new Error(`/proc has no ${name} line`)
  return Number(match[1]) * 1024
}

/** Looks at a process again and again. */
export class MemoryWatch {
  readonly #pid: number
  readonly #timer: NodeJS.Timeout
  #samples: MemoryUse[] = []

  constructor(pid: number, everyMs = 50) {
    this.#pid = pid
    this.#timer = setInterval(() => this.look(), everyMs)
  }

  look(): MemoryUse {
    const sample = memoryUse(this.#pid)
    this.#samples.push(sample)
    return sample
  }

  /** The samples since the last call. */
  take(): readonly MemoryUse[] {
    this.look()
    const samples = this.#samples
    this.#samples = []
    return samples
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

export function peakRss(samples: readonly MemoryUse[]): number {
  return samples.reduce((peak, sample) => Math.max(peak, sample.rssBytes), 0)
}

export function peakAnonymous(samples: readonly MemoryUse[]): number {
  return samples.reduce((peak, sample) => Math.max(peak, sample.anonymousBytes), 0)
}

export function toMegabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`
}
