import type { Mapping } from './system-calls.ts'

/**
 * Memory with a known address, from which sends are made. Bytes that many sockets are sent are copied
 * here once: the garbage collector never moves or frees what the kernel still reads.
 */
export class Arena {
  readonly #bytes: Uint8Array
  readonly #address: bigint
  #used = 0
  #last: Uint8Array | undefined
  /** The address of the bytes placed last, in two halves of 32 bits. */
  low = 0
  high = 0

  constructor({ memory, address }: Mapping) {
    this.#bytes = new Uint8Array(memory)
    this.#address = address
  }

  /** Makes `low` and `high` the address of these bytes. False when there is no room for them. */
  place(bytes: Uint8Array): boolean {
    if (bytes === this.#last) return true
    if (this.#used + bytes.length > this.#bytes.length) return false
    this.#bytes.set(bytes, this.#used)
    const address = this.#address + BigInt(this.#used)
    this.low = Number(BigInt.asIntN(32, address))
    this.high = Number(BigInt.asIntN(32, address >> 32n))
    this.#used += bytes.length
    this.#last = bytes
    return true
  }

  /** Nothing is being sent: all room is free again. */
  clear(): void {
    this.#used = 0
    this.#last = undefined
  }
}
