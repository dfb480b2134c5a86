import { createHook, type AsyncHook } from 'node:async_hooks'
import diagnostics from 'node:diagnostics_channel'
import { EventEmitter, getEventListeners } from 'node:events'
import type { Server, Socket } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { sleep } from '../../packages/session/test/kit/reader.ts'

/** By kind. */
export type Counts = Readonly<Record<string, number>>

interface Accepted {
  readonly socket: Socket
}

/**
 * Counts what a server in this process could keep of readers that are gone: timers, also those that
 * do not keep the process alive; listeners on the server, its sockets, the application, the process
 * and on every AbortSignal that anybody listened to.
 */
export class Leftovers {
  readonly #timers = new Set<number>()
  readonly #signals = new Set<AbortSignal>()
  readonly #servers = new Set<EventEmitter>()
  readonly #application: EventEmitter | undefined
  readonly #hook: AsyncHook
  // oxlint-disable-next-line typescript/unbound-method -- It is applied, and put back.
  readonly #listen = EventTarget.prototype.addEventListener
  /** The sockets that the server accepted. */
  readonly sockets: Socket[] = []

  constructor(application: unknown) {
    this.#application = application instanceof EventEmitter ? application : undefined
    this.#hook = createHook({
      init: (id, type) => void (type === 'Timeout' && !isExpected() && this.#timers.add(id)),
      destroy: (id) => void this.#timers.delete(id),
    }).enable()
    diagnostics.subscribe('net.server.socket', this.#accept)
    const listen = this.#listen
    const signals = this.#signals
    EventTarget.prototype.addEventListener = function (
      this: EventTarget,
      ...args: Parameters<typeof listen>
    ) {
      if (this instanceof AbortSignal) signals.add(this)
      return listen.apply(this, args)
    }
  }

  /** What is there now, by kind. Sockets count as long as they are not destroyed. */
  count(): Counts {
    return {
      timers: this.#timers.size,
      sockets: this.sockets.filter(({ destroyed }) => !destroyed).length,
      server: sum([...this.#servers].map(listenersOf)),
      application: this.#application === undefined ? 0 : listenersOf(this.#application),
      process: listenersOf(process),
      signals: sum([...this.#signals].map((signal) => getEventListeners(signal, 'abort').length)),
    }
  }

  /** The same when it does not change any more, or is what is waited for: after 5 s at most. */
  async settled(wanted?: Counts): Promise<Counts> {
    let last = this.count()
    let same = 0
    for (let i = 0; i < 100 && same < 4; i++) {
      await sleep(50)
      const now = this.count()
      const isWanted = wanted === undefined || Object.keys(now).every((k) => now[k]! <= wanted[k]!)
      same = isWanted && isDeepStrictEqual(now, last) ? same + 1 : 0
      last = now
    }
    return last
  }

  stop(): void {
    this.#hook.disable()
    diagnostics.unsubscribe('net.server.socket', this.#accept)
    EventTarget.prototype.addEventListener = this.#listen
  }

  readonly #accept = (message: unknown): void => {
    const { socket } = message as Accepted
    this.sockets.push(socket)
    const { server } = socket as Socket & { server?: Server | undefined }
    if (server !== undefined) this.#servers.add(server)
  }
}

/**
 * The waits of these tests, the second for which Node keeps the text of the header `Date`, and the one
 * timer by which a hub looks for evidence of dead readers.
 */
function isExpected(): boolean {
  return /kit\/reader\.ts|utcDate|KernelWatch/.test(new Error('Where?').stack ?? '')
}

export function listenersOf(emitter: EventEmitter): number {
  return sum(emitter.eventNames().map((name) => emitter.listenerCount(name)))
}

const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0)
