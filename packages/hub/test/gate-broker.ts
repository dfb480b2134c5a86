import {
  createMemoryBroker,
  type Broker,
  type MemoryBrokerOptions,
  type ReadRequest,
  type TailSink,
} from '@heartline/broker'

/** A real memory broker with a gate before each of its operations. */
export class GateBroker implements Broker {
  readonly name = 'memory'
  readonly durability = 'memory'
  readonly inner: Broker
  /** Awaited before the operation; may throw. */
  beforeAppend: () => Promise<void> = async () => {}
  beforeRead: (request: ReadRequest) => Promise<void> = async () => {}
  beforeState: () => Promise<void> = async () => {}
  beforeTail: () => Promise<void> = async () => {}
  /** Called after the state was asked and before it is answered. */
  afterState: () => Promise<void> = async () => {}
  reads = 0
  tails = 0
  sink: TailSink | undefined

  constructor(options: MemoryBrokerOptions = {}) {
    this.inner = createMemoryBroker(options)
  }

  async append(...args: Parameters<Broker['append']>): ReturnType<Broker['append']> {
    await this.beforeAppend()
    return this.inner.append(...args)
  }

  async read(request: ReadRequest): ReturnType<Broker['read']> {
    this.reads++
    await this.beforeRead(request)
    return this.inner.read(request)
  }

  async state(): ReturnType<Broker['state']> {
    await this.beforeState()
    const state = await this.inner.state()
    await this.afterState()
    return state
  }

  locate(...args: Parameters<Broker['locate']>): ReturnType<Broker['locate']> {
    return this.inner.locate(...args)
  }

  async tail(after: number, sink: TailSink): ReturnType<Broker['tail']> {
    this.tails++
    this.sink = sink
    await this.beforeTail()
    return this.inner.tail(after, sink)
  }

  close(): Promise<void> {
    return this.inner.close()
  }
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A promise to be resolved from outside. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
