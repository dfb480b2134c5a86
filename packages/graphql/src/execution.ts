import type { SubscribeResult } from './engine.ts'
import type { Operation, OperationEnd } from './operation.ts'

interface ExecutionParts {
  readonly operation: Operation
  readonly run: () => SubscribeResult | Promise<SubscribeResult>
  readonly controller: AbortController
  readonly onEnd: ((end: OperationEnd) => void) | undefined
  readonly report: (error: unknown) => void
}

/** One operation that is ready to be executed, and ends exactly once. */
export class Execution {
  readonly operation: Operation
  readonly #parts: ExecutionParts
  #isOver = false

  constructor(parts: ExecutionParts) {
    this.operation = parts.operation
    this.#parts = parts
  }

  /** Executes. A query and a mutation have one result, a subscription any number of them. */
  async start(): Promise<SubscribeResult> {
    return this.#parts.run()
  }

  /** Tells everyone that the operation is over. Idempotent. */
  end(end: OperationEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#parts.controller.abort()
    try {
      Promise.resolve(this.#parts.onEnd?.(end)).catch(this.#parts.report)
    } catch (error) {
      this.#parts.report(error)
    }
  }
}
