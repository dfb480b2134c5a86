import { decodeCursor } from '@heartline/wire'
import { postJson } from './http-call.ts'
import type { HubProcess } from './hub-process.ts'
import { RawReader } from './reader-raw.ts'
import { waitFor } from './wait-for.ts'

const TOPIC = 'probe'

/**
 * Proves after each bad input that the hub still publishes and delivers, and that exactly what
 * should be stored was stored: offsets in the log are contiguous, so the distance between two
 * probes tells what came between them.
 */
export class Probe {
  readonly #hub: HubProcess
  readonly #headers: Readonly<Record<string, string>>
  readonly #reader: RawReader
  readonly #seen = new Set<string>()
  #offset = 0
  #count = 0

  constructor(hub: HubProcess, headers: Readonly<Record<string, string>>) {
    this.#hub = hub
    this.#headers = headers
    this.#reader = new RawReader(
      { url: `${hub.url}/v1/events?topic=${TOPIC}`, headers, name: 'probe' },
      { onEvent: ({ data }) => this.#seen.add(data) },
    )
  }

  /** Opens a reader and publishes the first event. */
  static async open(
    hub: HubProcess,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Probe> {
    const probe = new Probe(hub, headers)
    await waitFor(() => probe.#reader.connects > 0, { what: 'the probe listens' })
    await probe.storedSince()
    return probe
  }

  /**
   * Publishes an event and waits until the reader has it. Answers how many other events were stored
   * since the last call.
   */
  async storedSince(): Promise<number> {
    const data = `probe ${++this.#count}`
    const body = { topic: TOPIC, data }
    const answer = await postJson(`${this.#hub.url}/v1/events`, body, this.#headers)
    if (answer.status !== 201) {
      throw new Error(`The probe was refused: ${answer.status} ${answer.text} ${this.#hub.errors}`)
    }
    const { id } = JSON.parse(answer.text) as { id: string }
    const offset = decodeCursor(id).positions.get('')?.offset ?? Number.NaN
    const between = offset - this.#offset - 1
    this.#offset = offset
    await waitFor(() => this.#seen.has(data), { what: 'the probe is delivered' })
    return between
  }

  /** Streams that the reader needed: more than one means that it was cut. */
  get connects(): number {
    return this.#reader.connects
  }

  close(): Promise<void> {
    return this.#reader.close()
  }
}
