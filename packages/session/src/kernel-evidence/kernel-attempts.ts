import { readFile } from 'node:fs/promises'

const GROUP = 'TcpExt:'
/** Retransmission timers that ran out, and probes of closed windows: what makes a line matter. */
const COUNTERS = ['TCPTimeouts', 'TCPWinProbe']

/**
 * How often the kernel has sent something again because a peer did not answer, on all connections
 * together, ever. A connection can only come under suspicion when this has changed, and to ask for
 * it is one small file: a table of 50,000 connections need not be read on a day when all is well.
 * Resolves to undefined where it cannot be told.
 */
export async function readKernelAttempts(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'latin1').catch(() => '')
  const [names = [], values = []] = text
    .split('\n')
    .filter((line) => line.startsWith(GROUP))
    .map((line) => line.split(' '))
  const counts = COUNTERS.map((name) => Number(values[names.indexOf(name)]))
  const sum = counts.reduce((total, count) => total + count, 0)
  return Number.isSafeInteger(sum) ? sum : undefined
}
