import { answerHead } from './answer.ts'

/** Origins are made up by clients: beyond so many heads all are forgotten. */
const MAX_HEADS = 200

/** Heads of answers that differ by status and origin only, each written once. */
export class AnswerHeads {
  readonly #headers: (origin: string | undefined) => Readonly<Record<string, string>>
  readonly #heads = new Map<string, string>()

  /** @param headers All headers of an answer to a page of an origin. */
  constructor(headers: (origin: string | undefined) => Readonly<Record<string, string>>) {
    this.#headers = headers
  }

  find(status: number, origin: string | undefined): string {
    const key = origin === undefined ? String(status) : `${status} ${origin}`
    let head = this.#heads.get(key)
    if (head === undefined) {
      head = answerHead(status, this.#headers(origin))
      if (this.#heads.size >= MAX_HEADS) this.#heads.clear()
      this.#heads.set(key, head)
    }
    return head
  }
}
