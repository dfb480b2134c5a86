/** Where JSON stops being JSON, and why. Offsets count UTF-16 units from 0. */
export interface JsonErrorPlace {
  readonly position: number
  readonly reason: string
}

type Expectation = 'value' | 'valueOrEnd' | 'keyOrEnd' | 'key' | 'colon' | 'commaOrEnd'

const SPACE = /[ \t\n\r]*/y
const TOKEN = /[{}[\]:,]|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/**
 * Finds the first place where a text that `JSON.parse` refused breaks the grammar. The engine
 * tells the position only for some errors.
 */
export function locateJsonError(text: string): JsonErrorPlace {
  return new Locator(text).run()
}

class Locator {
  readonly #text: string
  readonly #open: ('{' | '[')[] = []
  #expect: Expectation = 'value'
  #position = 0

  constructor(text: string) {
    this.#text = text
  }

  run(): JsonErrorPlace {
    for (;;) {
      this.#position = this.#endOf(SPACE, this.#position) ?? this.#position
      if (this.#isComplete()) return this.#problem(this.#position)
      const start = this.#position
      const first = this.#text[start]
      const end = first === '"' ? this.#endOfString(start) : this.#endOf(TOKEN, start)
      if (end === undefined || !this.#accept(first ?? '')) return this.#problem(start)
      if (end < 0) return this.#stringProblem(-end)
      this.#position = end
    }
  }

  #isComplete(): boolean {
    return this.#open.length === 0 && this.#expect === 'commaOrEnd'
  }

  #endOf(pattern: RegExp, from: number): number | undefined {
    pattern.lastIndex = from
    return pattern.test(this.#text) ? pattern.lastIndex : undefined
  }

  /** Past the closing quote, or minus the place that may not stand in a string. */
  #endOfString(start: number): number {
    for (let at = start + 1; ; at++) {
      const code = this.#text.charCodeAt(at)
      if (code === 0x22) return at + 1
      if (code === 0x5c) {
        const end = this.#endOf(ESCAPE, at)
        if (end === undefined) return -at
        at = end - 1
      } else if (!(code >= 0x20)) return -at
    }
  }

  #stringProblem(position: number): JsonErrorPlace {
    if (position >= this.#text.length) return this.#problem(position)
    const isEscape = this.#text[position] === '\\'
    const reason = isEscape ? 'an unknown escape' : 'a control character in a text'
    return { position, reason }
  }

  #accept(token: string): boolean {
    const inside = this.#open.at(-1)
    if (token === '}' || token === ']') return this.#close(token === '}' ? '{' : '[')
    if (token === ',') {
      if (this.#expect !== 'commaOrEnd' || inside === undefined) return false
      this.#expect = inside === '{' ? 'key' : 'value'
      return true
    }
    if (token === ':') return this.#step('colon', 'value')
    if (token === '"' && (this.#expect === 'key' || this.#expect === 'keyOrEnd')) {
      this.#expect = 'colon'
      return true
    }
    if (this.#expect !== 'value' && this.#expect !== 'valueOrEnd') return false
    return this.#openOrScalar(token)
  }

  #openOrScalar(token: string): boolean {
    if (token === '{' || token === '[') this.#open.push(token)
    this.#expect = token === '{' ? 'keyOrEnd' : token === '[' ? 'valueOrEnd' : 'commaOrEnd'
    return true
  }

  #close(kind: '{' | '['): boolean {
    const allowed = kind === '{' ? 'keyOrEnd' : 'valueOrEnd'
    if (this.#open.at(-1) !== kind) return false
    if (this.#expect !== 'commaOrEnd' && this.#expect !== allowed) return false
    this.#open.pop()
    this.#expect = 'commaOrEnd'
    return true
  }

  #step(from: Expectation, to: Expectation): boolean {
    if (this.#expect !== from) return false
    this.#expect = to
    return true
  }

  #problem(position: number): JsonErrorPlace {
    if (position >= this.#text.length) return { position, reason: 'it ends too early' }
    if (this.#isComplete()) return { position, reason: 'text follows the end' }
    const wanted: Record<Expectation, string> = {
      value: 'a value',
      valueOrEnd: 'a value or "]"',
      keyOrEnd: 'a quoted name or "}"',
      key: 'a quoted name',
      colon: '":"',
      commaOrEnd: `"," or "${this.#open.at(-1) === '{' ? '}' : ']'}"`,
    }
    return { position, reason: `${wanted[this.#expect]} is expected` }
  }
}
