/** A list of equal servers, the preferred one first, and which of them is in use. */
export class Endpoints {
  readonly #count: number
  readonly #failOverAfter: number
  #index = 0
  #failures = 0

  constructor(count: number, failOverAfter: number) {
    this.#count = count
    this.#failOverAfter = failOverAfter
  }

  get index(): number {
    return this.#index
  }

  /** It works: failures are counted from zero again. */
  worked(): void {
    this.#failures = 0
  }

  /** One failure of the one in use. True when it is the turn of the next. */
  failed(): boolean {
    if (this.#count < 2 || ++this.#failures < this.#failOverAfter) return false
    this.#failures = 0
    this.#index = (this.#index + 1) % this.#count
    return true
  }

  /** Back to the first. */
  prefer(): void {
    this.#index = 0
    this.#failures = 0
  }
}
