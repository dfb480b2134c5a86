import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'
import { carryError, reviveError, type CarriedError } from './carried-error.ts'
import type { Questions } from './questions.ts'

/** A process that has not answered in this time is told of as silent. */
const ANSWER_LIMIT_MS = 2_000

/** Answers to what the other side asks. */
export type Answers<Names extends Questions<Names>> = {
  readonly [Name in keyof Names]: (
    ask: Names[Name]['ask'],
  ) => Promise<Names[Name]['answer']> | Names[Name]['answer']
}

type Letter =
  | { readonly id: number; readonly name: string; readonly ask: unknown }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: CarriedError }

interface Waiting {
  readonly timer: ReturnType<typeof setTimeout> | undefined
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Questions and answers between two processes, over messages that are delivered in order. What is
 * sent in one turn of the event loop goes as one message: thousands of acknowledgements a second
 * may have to cross.
 */
export class Channel<Theirs extends Questions<Theirs>, Ours extends Questions<Ours>> {
  readonly #send: (letters: readonly unknown[]) => void
  readonly #answers: Answers<Ours>
  readonly #waiting = new Map<number, Waiting>()
  #outbox: Letter[] = []
  #lastId = 0
  #isClosed = false

  /** @param send Hands a message to the other process. May fail in silence when it is gone. */
  constructor(send: (letters: readonly unknown[]) => void, answers: Answers<Ours>) {
    this.#send = send
    this.#answers = answers
  }

  /**
   * Rejects with what the other side threw, and with `HL_WORKER_SILENT` after `limitMs` or when the
   * other side is gone.
   * @param limitMs 0 = as long as it is there.
   */
  ask<Name extends keyof Theirs & string>(
    name: Name,
    ask: Theirs[Name]['ask'],
    limitMs: number = ANSWER_LIMIT_MS,
  ): Promise<Theirs[Name]['answer']> {
    if (this.#isClosed) return Promise.reject(silent())
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiting.delete(id)
        reject(silent())
      }
      const timer = limitMs === 0 ? undefined : setTimeout(giveUp, limitMs)
      this.#waiting.set(id, { timer, resolve, reject })
      this.#post({ id, name, ask })
    })
  }

  /** Takes a message of the other side. */
  receive(letters: unknown): void {
    if (!Array.isArray(letters)) return
    for (const letter of letters as readonly Letter[]) {
      if ('name' in letter) void this.#reply(letter.id, letter.name, letter.ask)
      else this.#settle(letter)
    }
  }

  /** The other side is gone: nothing is answered any more. */
  close(): void {
    this.#isClosed = true
    for (const { timer, reject } of this.#waiting.values()) {
      clearTimeout(timer)
      reject(silent())
    }
    this.#waiting.clear()
  }

  async #reply(id: number, name: string, ask: unknown): Promise<void> {
    try {
      const answer = await this.#answers[name as keyof Ours](ask as never)
      this.#post({ id, answer })
    } catch (error) {
      this.#post({ id, error: carryError(error) })
    }
  }

  #settle(letter: Exclude<Letter, { readonly name: string }>): void {
    const waiting = this.#waiting.get(letter.id)
    if (waiting === undefined) return
    this.#waiting.delete(letter.id)
    clearTimeout(waiting.timer)
    if ('error' in letter) waiting.reject(reviveError(letter.error))
    else waiting.resolve(letter.answer)
  }

  #post(letter: Letter): void {
    if (this.#outbox.push(letter) > 1) return
    setImmediate(() => {
      const letters = this.#outbox
      this.#outbox = []
      if (!this.#isClosed) this.#send(letters)
    })
  }
}

function silent(): HeartlineError {
  return new HeartlineError(serverErrors.workerSilent)
}
