import { HeartlineError } from '@heartline/wire'
import { ioUringErrors } from './errors.ts'

/** The numbers of the two calls are the same on every architecture that Node.js supports. */
const IO_URING_SETUP = 425
const IO_URING_ENTER = 426
/** IORING_ENTER_GETEVENTS: wait until so many are complete. */
const ENTER_GETEVENTS = 1
const PROT_READ_WRITE = 3
/** MAP_SHARED | MAP_POPULATE */
const SHARED = 0x8001
/** MAP_PRIVATE | MAP_ANONYMOUS */
const PRIVATE = 0x22
const MAP_FAILED = 0xffff_ffff_ffff_ffffn

/** Memory that the kernel and this process both see at a known address. */
export interface Mapping {
  readonly memory: ArrayBuffer
  readonly address: bigint
}

/** The few system calls that a ring needs, through the C library of the process. */
export interface SystemCalls {
  /** The descriptor of a new ring. Fills in `parameters` (struct io_uring_params). */
  setup(entries: number, parameters: Uint8Array): number
  /** Submits; waits for `complete` of them. Answers how many were taken, or -errno. */
  enter(ring: number, submit: number, complete: number): number
  /** Maps a part of the ring. */
  mapRing(ring: number, bytes: number, offset: number): Mapping
  /** Maps fresh memory. */
  mapFresh(bytes: number): Mapping
}

type ForeignFunction = (...values: unknown[]) => unknown

/** What is used of npm `koffi`. */
interface Koffi {
  load(path: null): { func(prototype: string): ForeignFunction }
  errno(): number
  address(pointer: unknown): bigint
  view(pointer: unknown, bytes: number): ArrayBuffer
}

/** @throws HeartlineError `HL_IO_URING_UNAVAILABLE` where there is no Linux or no koffi. */
export async function loadSystemCalls(): Promise<SystemCalls> {
  if (process.platform !== 'linux') throw unavailable('it belongs to Linux')
  try {
    const koffi = (await import('koffi')) as unknown as Koffi
    return new LibcCalls(koffi)
  } catch (cause) {
    throw unavailable('the optional package koffi cannot be loaded', cause)
  }
}

/** The error for an environment in which there is no ring. */
export function unavailable(reason: string, cause?: unknown): HeartlineError {
  return new HeartlineError(ioUringErrors.unavailable, { reason }, cause)
}

class LibcCalls implements SystemCalls {
  readonly #koffi: Koffi
  readonly #setup: ForeignFunction
  readonly #enter: ForeignFunction
  readonly #mmap: ForeignFunction

  constructor(koffi: Koffi) {
    const libc = koffi.load(null)
    this.#koffi = koffi
    this.#setup = libc.func('long syscall(long number, uint32_t entries, void *parameters)')
    this.#enter = libc.func(
      'long syscall(long number, uint32_t fd, uint32_t submit, uint32_t complete, uint32_t flags, void *signals, size_t size)',
    )
    this.#mmap = libc.func(
      'void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)',
    )
  }

  setup(entries: number, parameters: Uint8Array): number {
    const fd = Number(this.#setup(IO_URING_SETUP, entries, parameters))
    if (fd < 0) throw unavailable(`io_uring_setup failed with error ${this.#koffi.errno()}`)
    return fd
  }

  enter(ring: number, submit: number, complete: number): number {
    const flags = complete > 0 ? ENTER_GETEVENTS : 0
    const taken = Number(this.#enter(IO_URING_ENTER, ring, submit, complete, flags, null, 0))
    return taken < 0 ? -this.#koffi.errno() : taken
  }

  mapRing(ring: number, bytes: number, offset: number): Mapping {
    return this.#map(bytes, SHARED, ring, offset)
  }

  mapFresh(bytes: number): Mapping {
    return this.#map(bytes, PRIVATE, -1, 0)
  }

  #map(bytes: number, flags: number, fd: number, offset: number): Mapping {
    const pointer = this.#mmap(null, bytes, PROT_READ_WRITE, flags, fd, offset)
    const address = this.#koffi.address(pointer)
    if (address === 0n || address === MAP_FAILED) {
      throw unavailable(`mmap failed with error ${this.#koffi.errno()}`)
    }
    return { memory: this.#koffi.view(pointer, bytes), address }
  }
}
