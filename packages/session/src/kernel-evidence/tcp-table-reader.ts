import { Buffer } from 'node:buffer'
import { close, open, read } from 'node:fs'
import { scanTcpTable, type Visit } from './tcp-table.ts'

/** The kernel gives a page (4 KiB) for one read at present, and may give more one day. */
const BUFFER_BYTES = 65_536

/**
 * Reads a table of the kernel to its end and answers its length in bytes. The reads are done by the
 * thread pool, one after the other; between two of them the event loop is free, and what it does
 * itself is to look through what one read gave: about 30 lines. Rejects with the system's error.
 */
export function readTcpTable(path: string, visit: Visit): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, 'r', (error, fd) => {
      if (error === null) new TableReader(fd, visit).run(resolve, reject)
      else reject(error)
    })
  })
}

/** Callbacks, not promises: a table of 50,000 lines is 2,000 reads. */
class TableReader {
  readonly #fd: number
  readonly #visit: Visit
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  /** Bytes in the buffer: the begin of a line. */
  #kept = 0
  #total = 0
  #done: (total: number) => void = () => {}
  #failed: (error: unknown) => void = () => {}

  constructor(fd: number, visit: Visit) {
    this.#fd = fd
    this.#visit = visit
  }

  run(done: (total: number) => void, failed: (error: unknown) => void): void {
    this.#done = done
    this.#failed = failed
    this.#next()
  }

  #next(): void {
    const room = BUFFER_BYTES - this.#kept
    read(this.#fd, this.#buffer, this.#kept, room, null, this.#taken)
  }

  readonly #taken = (error: NodeJS.ErrnoException | null, bytes: number): void => {
    if (error !== null || bytes === 0) {
      close(this.#fd, () => (error === null ? this.#done(this.#total) : this.#failed(error)))
      return
    }
    this.#total += bytes
    const end = this.#kept + bytes
    const used = scanTcpTable(this.#buffer, end, this.#visit)
    this.#buffer.copyWithin(0, used, end)
    // A buffer without a line end is no table of lines: what it holds is thrown away.
    this.#kept = used === 0 && end === BUFFER_BYTES ? 0 : end - used
    this.#next()
  }
}
