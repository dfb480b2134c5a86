import { endianness } from 'node:os'
import { addressKey } from '../../../src/kernel-evidence/tcp-address.ts'

/** The first line of `/proc/net/tcp`. */
export const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n'
/** The first line of `/proc/net/tcp6`. */
export const HEAD6 =
  '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'

/** What differs between lines; the rest is as of an idle connection on loopback. */
export interface TcpLine {
  readonly row?: number
  readonly local?: string
  readonly localPort?: number
  readonly remote?: string
  readonly remotePort?: number
  readonly state?: number
  readonly queued?: number
  readonly timer?: number
  readonly retransmits?: number
  readonly uid?: number
  readonly probes?: number
  /** Hundredths of a second. */
  readonly rto?: number
}

/** A line as the kernel prints it. An IPv4 address with `::ffff:` is one of an IPv6 socket. */
export function tcpLine(line: TcpLine): string {
  const { row = 0, localPort = 8_420, remotePort = 50_000, state = 1, queued = 0 } = line
  const { timer = 0, retransmits = 0, uid = 0, probes = 0, rto = 0 } = line
  const remote = line.remote ?? '127.0.0.1'
  const local = line.local ?? (remote.includes(':') ? '::1' : '127.0.0.1')
  const columns = [
    `${String(row).padStart(4)}:`,
    `${toKernelHex(local)}:${hex(localPort, 4)}`,
    `${toKernelHex(remote)}:${hex(remotePort, 4)}`,
    hex(state, 2),
    `${hex(queued, 8)}:${hex(0, 8)}`,
    `${hex(timer, 2)}:${hex(timer === 0 ? 0 : 87, 8)}`,
    hex(retransmits, 8),
    String(uid).padStart(5),
    String(probes).padStart(8),
    `2996150 2 00000000b0f3a0b0 ${rto} 4 31 1 -1`,
  ]
  return `${columns.join(' ')}\n`
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0')
}

function toKernelHex(address: string): string {
  const key = addressKey(address) ?? ''
  const whole = address.includes(':') ? key.padStart(key.length === 8 ? 12 : 32, 'f') : key
  const words = whole.padStart(address.includes(':') ? 32 : 8, '0').match(/.{8}/g) ?? []
  return words
    .map((word) => toMachineOrder(word))
    .join('')
    .toUpperCase()
}

function toMachineOrder(word: string): string {
  if (endianness() === 'BE') return word
  return (word.match(/../g) ?? []).reverse().join('')
}
