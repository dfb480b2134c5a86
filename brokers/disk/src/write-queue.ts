import { brokerErrors, type AppendResult } from '@heartline/broker'
import { HeartlineError } from '@heartline/wire'
import type { SizedNewEntry } from './commit-plan.ts'
import type { Change } from './engine.ts'

/** What an entry costs in memory beside its text, so that empty entries are bounded too. */
const ENTRY_OVERHEAD_BYTES = 64
/** Encoding a commit blocks the event loop: this much takes about a millisecond. */
const GROUP_BYTES = 256 * 1024
const GROUP_ENTRIES = 1_024

export interface AppendRequest {
  readonly entries: readonly SizedNewEntry[]
  readonly bytes: number
  readonly resolve: (results: readonly AppendResult[]) => void
  readonly reject: (error: unknown) => void
}

interface MaintenanceRequest {
  readonly changes: readonly Change[]
  readonly onCommit: (() => void) | undefined
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** What one commit takes together. */
export class WriteGroup {
  readonly appends: readonly AppendRequest[]
  readonly bytes: number
  readonly #maintenance: readonly MaintenanceRequest[]

  constructor(
    appends: readonly AppendRequest[],
    maintenance: readonly MaintenanceRequest[],
    bytes: number,
  ) {
    this.appends = appends
    this.#maintenance = maintenance
    this.bytes = bytes
  }

  get changes(): Change[] {
    return this.#maintenance.flatMap(({ changes }) => changes)
  }

  /** Whether the maintenance puts something that must be on the disk before it is told. */
  get isDurable(): boolean {
    return this.#maintenance.some(({ changes }) => changes.some(({ type }) => type === 'put'))
  }

  resolveMaintenance(): void {
    for (const { onCommit, resolve } of this.#maintenance) {
      onCommit?.()
      resolve()
    }
  }

  reject(error: unknown): void {
    for (const request of [...this.appends, ...this.#maintenance]) request.reject(error)
  }

  /** Refuses the appends and answers the group of the rest. */
  rejectAppends(error: unknown): WriteGroup {
    for (const request of this.appends) request.reject(error)
    return new WriteGroup([], this.#maintenance, 0)
  }
}

/** What waits for the next commit, bounded in bytes. */
export class WriteQueue {
  readonly #maxPendingBytes: number
  #appends: AppendRequest[] = []
  #maintenance: MaintenanceRequest[] = []
  #bytes = 0

  constructor(maxPendingBytes: number) {
    this.#maxPendingBytes = maxPendingBytes
  }

  get isEmpty(): boolean {
    return this.#appends.length === 0 && this.#maintenance.length === 0
  }

  append(entries: readonly SizedNewEntry[]): Promise<readonly AppendResult[]> {
    let bytes = 0
    for (const entry of entries) bytes += entry.bytes + ENTRY_OVERHEAD_BYTES
    // One call is taken whatever its size, or it could never be.
    if (this.#bytes > 0 && this.#bytes + bytes > this.#maxPendingBytes) {
      return Promise.reject(throttled(this.#maxPendingBytes))
    }
    this.#bytes += bytes
    return new Promise((resolve, reject) => {
      this.#appends.push({ entries, bytes, resolve, reject })
    })
  }

  maintain(changes: readonly Change[], onCommit: (() => void) | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#maintenance.push({ changes, onCommit, resolve, reject })
    })
  }

  /** Takes the oldest requests: at least one append if any waits, and all maintenance. */
  take(): WriteGroup {
    const maintenance = this.#maintenance
    this.#maintenance = []
    let count = 0
    let bytes = 0
    let entries = 0
    for (const request of this.#appends) {
      const isLarge = bytes + request.bytes > GROUP_BYTES
      if (count > 0 && (isLarge || entries + request.entries.length > GROUP_ENTRIES)) break
      count++
      bytes += request.bytes
      entries += request.entries.length
    }
    const appends = this.#appends.slice(0, count)
    this.#appends = this.#appends.slice(count)
    this.#bytes -= bytes
    return new WriteGroup(appends, maintenance, bytes)
  }
}

function throttled(maxPendingBytes: number): HeartlineError {
  return new HeartlineError(brokerErrors.throttled, { maxPending: `${maxPendingBytes} bytes of` })
}
