import { Counter, type Registry } from 'prom-client'

interface Cell {
  readonly labels: Readonly<Record<string, string | number>>
  count: number
}

/**
 * A counter with labels for hot paths. The library's own checks and hashes the labels at each step,
 * which costs as much as storing an event; here that is done when somebody looks.
 */
export class Tally {
  readonly #cells = new Map<string, Cell>()

  constructor(
    registry: Registry,
    metric: { readonly name: string; readonly help: string; readonly labelNames: string[] },
  ) {
    const cells = this.#cells
    new Counter({
      ...metric,
      registers: [registry],
      collect() {
        this.reset()
        for (const { labels, count } of cells.values()) this.inc({ ...labels }, count)
      },
    })
  }

  /** Counts one. `key` names the labels; they are read when the key is new. */
  count(key: string, labels: Readonly<Record<string, string | number>>): void {
    const cell = this.#cells.get(key)
    if (cell === undefined) this.#cells.set(key, { labels, count: 1 })
    else cell.count++
  }
}
