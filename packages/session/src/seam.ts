import type { WriteSeam } from './transport.ts'

/** Fastest first. */
const ORDER: readonly WriteSeam[] = ['handle', 'socket', 'response']

/**
 * What works without a proof: the public interfaces. In Bun the socket of a response takes bytes and
 * sends none of them.
 */
export const UNPROVEN_SEAM: WriteSeam = 'Bun' in globalThis ? 'response' : 'socket'

/** The fastest that the process allows. */
let limit: WriteSeam = 'handle'
/** The fastest that was proven to work: until the self-test has passed, public interfaces only. */
let proven: WriteSeam = UNPROVEN_SEAM
let sheds = false
let releases = false

/**
 * Sets the fastest way to write that sessions made from now on may use, in the whole process.
 * Default `handle` = the fastest that the self-test finds to work (see `testSeams`).
 */
export function limitSeam(seam: WriteSeam): void {
  limit = seam
}

/** @internal */
export function setProvenSeam(found: {
  readonly seam: WriteSeam
  readonly sheds: boolean
  readonly releases: boolean
}): void {
  proven = found.seam
  sheds = found.sheds
  releases = found.releases
}

/** Whether a stream on node:http may let go of its request, response and parser. */
export function mayRelease(): boolean {
  return releases
}

/** Whether a stream over a native handle may do without its socket. */
export function maySpareSocket(): boolean {
  return sheds
}

/** The fastest way to write that a session may use now, if it wants none faster than `wanted`. */
export function allowedSeam(wanted: WriteSeam = 'handle'): WriteSeam {
  return slower(wanted, slower(limit, proven))
}

function slower(a: WriteSeam, b: WriteSeam): WriteSeam {
  return ORDER.indexOf(a) > ORDER.indexOf(b) ? a : b
}
