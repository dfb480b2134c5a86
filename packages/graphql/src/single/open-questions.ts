import { toError } from '../errors.ts'
import type { Verdict } from './question.ts'

/** More at a time mean that nobody answers. */
const MAX_QUESTIONS = 1_000

interface Waiting {
  readonly resolve: (verdict: Verdict) => void
  readonly timer: ReturnType<typeof setTimeout>
}

/** Questions to other processes, until the answer comes or nobody answers in time. */
export class OpenQuestions {
  readonly #answerMs: number
  readonly #waiting = new Map<number, Waiting>()
  #n = 0

  constructor(answerMs: number) {
    this.#answerMs = answerMs
  }

  get size(): number {
    return this.#waiting.size
  }

  /** No answer in time is `missing`. @throws HeartlineError `HL_GRAPHQL_CLUSTER_UNAVAILABLE` */
  begin(): { readonly n: number; readonly verdict: Promise<Verdict> } {
    if (this.#waiting.size >= MAX_QUESTIONS) throw toError('clusterUnavailable')
    const n = ++this.#n
    const verdict = new Promise<Verdict>((resolve) => {
      const timer = setTimeout(() => this.settle(n, 'missing'), this.#answerMs)
      this.#waiting.set(n, { resolve, timer })
    })
    return { n, verdict }
  }

  settle(n: number, verdict: Verdict): void {
    const waiting = this.#waiting.get(n)
    if (waiting === undefined) return
    this.#waiting.delete(n)
    clearTimeout(waiting.timer)
    waiting.resolve(verdict)
  }

  close(): void {
    for (const n of this.#waiting.keys()) this.settle(n, 'missing')
  }
}
