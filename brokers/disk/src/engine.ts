import { brokerErrors } from '@heartline/broker'
import { HeartlineError } from '@heartline/wire'
import { ClassicLevel } from 'classic-level'
import { diskErrors } from './errors.ts'

export type Level = ClassicLevel<Buffer, Buffer>

/** One change of a commit. */
export type Change =
  | { readonly type: 'put'; readonly key: Buffer; readonly value: Buffer }
  | { readonly type: 'del'; readonly key: Buffer }

/** What the engine holds in memory before it writes a table file; its log is at most as large. */
export const WRITE_BUFFER_BYTES: number = 4 * 1024 * 1024

/**
 * The engine's handle and who uses it.
 *
 * LevelDB refuses writes for ever after a failed one, and what is written behind a torn record can
 * be lost on the next open. So a handle whose write failed is only read, until it is exchanged.
 */
export class Engine {
  readonly #directory: string
  #level: Level
  #readers = 0
  #exchange: Promise<void> | undefined
  #idle: (() => void) | undefined

  constructor(directory: string, level: Level) {
    this.#directory = directory
    this.#level = level
  }

  /** Rejects with `HL_STORE_*` and `HL_STORAGE_FULL`. */
  static async open(directory: string): Promise<Engine> {
    return new Engine(directory, await openLevel(directory))
  }

  /** Runs a read. The handle stays until it has settled. */
  async read<Result>(work: (level: Level) => Promise<Result>): Promise<Result> {
    while (this.#exchange !== undefined) await this.#exchange
    this.#readers++
    try {
      return await work(this.#level)
    } finally {
      this.#readers--
      if (this.#readers === 0) this.#idle?.()
    }
  }

  /** Applies all changes or none. With `sync` they are on the disk when this resolves. */
  async write(changes: Change[], sync: boolean): Promise<void> {
    await this.#level.batch(changes, { sync })
  }

  /** Closes the handle, opens the store again and lets `mend` look at it before anybody else. */
  async reopen(mend: (level: Level) => Promise<void>): Promise<void> {
    const exchange = this.#reopen(mend)
    this.#exchange = exchange.then(
      () => {},
      () => {},
    )
    try {
      await exchange
    } finally {
      this.#exchange = undefined
    }
  }

  async close(): Promise<void> {
    await this.#exchange
    await this.#readersDone()
    await this.#level.close()
  }

  async #reopen(mend: (level: Level) => Promise<void>): Promise<void> {
    await this.#readersDone()
    await this.#level.close()
    this.#level = await openLevel(this.#directory)
    await mend(this.#level)
  }

  #readersDone(): Promise<void> {
    if (this.#readers === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle = resolve
    })
  }
}

async function openLevel(directory: string): Promise<Level> {
  const level: Level = new ClassicLevel(directory, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    writeBufferSize: WRITE_BUFFER_BYTES,
    cacheSize: 8 * 1024 * 1024,
  })
  try {
    await level.open()
    return level
  } catch (error) {
    throw openError(directory, error)
  }
}

function openError(directory: string, error: unknown): HeartlineError {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  const reason = messageOf(cause)
  const code = codeOf(cause)
  if (code === 'LEVEL_LOCKED') {
    return new HeartlineError(brokerErrors.locked, { directory }, cause)
  }
  if (isDiskFull(cause)) return new HeartlineError(brokerErrors.storageFull, { directory }, cause)
  if (/Permission denied|Read-only/i.test(reason)) {
    return new HeartlineError(diskErrors.notWritable, { directory, reason }, cause)
  }
  if (code === 'LEVEL_CORRUPTION' || /No such file/i.test(reason)) {
    return new HeartlineError(diskErrors.corrupt, { directory, reason }, cause)
  }
  return new HeartlineError(diskErrors.io, { directory, reason }, cause)
}

/** Whether an error says that the disk or the quota has no room. The engine tells it in words. */
export function isDiskFull(error: unknown): boolean {
  const text = `${messageOf(error)} ${codeOf(error)}`
  return /no space left|quota exceeded|ENOSPC|EDQUOT|HL_STORAGE_FULL/i.test(text)
}

/** What an engine's or the system's error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}
