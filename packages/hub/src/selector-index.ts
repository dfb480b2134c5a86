import { ANY_DEPTH, ONE_LEVEL, isPattern } from './selector.ts'

interface PatternNode<Value> {
  readonly children: Map<string, PatternNode<Value>>
  /** Values whose selector ends here. */
  readonly here: Set<Value>
  /** Values whose selector ends here with `**`. */
  readonly below: Set<Value>
}

function createNode<Value>(): PatternNode<Value> {
  return { children: new Map(), here: new Set(), below: new Set() }
}

/** The values of one exact selector, where there are two or more. */
class Several<Value> extends Set<Value> {}

/**
 * From topics to the values whose selectors match them. Exact selectors are one look-up in a map;
 * patterns are a trie by level, so that a look-up follows only branches that can still match,
 * however many patterns there are.
 */
export class SelectorIndex<Value> {
  /** Most topics have one cohort: a set for each would cost more than all the rest. */
  readonly #exact = new Map<string, Value | Several<Value>>()
  readonly #patterns: PatternNode<Value> = createNode()
  #patternCount = 0

  add(selector: string, value: Value): void {
    if (!isPattern(selector)) return this.#addExact(selector, value)
    const set = this.#patternSet(selector)
    if (!set.has(value)) this.#patternCount++
    set.add(value)
  }

  delete(selector: string, value: Value): void {
    if (isPattern(selector)) {
      this.#deletePattern(this.#patterns, selector.split('/'), 0, value)
      return
    }
    const known = this.#exact.get(selector)
    if (known === value) this.#exact.delete(selector)
    if (known instanceof Several && known.delete(value) && known.size === 0) {
      this.#exact.delete(selector)
    }
  }

  /** Calls `visit` for each match; a value with two matching selectors is visited twice. */
  visit(topic: string, visit: (value: Value) => void): void {
    const exact = this.#exact.get(topic)
    if (exact instanceof Several) for (const value of exact) visit(value)
    else if (exact !== undefined) visit(exact)
    if (this.#patternCount > 0) this.#visitPatterns(this.#patterns, topic.split('/'), 0, visit)
  }

  #addExact(selector: string, value: Value): void {
    const known = this.#exact.get(selector)
    if (known === undefined) this.#exact.set(selector, value)
    else if (known instanceof Several) known.add(value)
    else if (known !== value) this.#exact.set(selector, new Several([known, value]))
  }

  #patternSet(selector: string): Set<Value> {
    let node = this.#patterns
    for (const level of selector.split('/')) {
      if (level === ANY_DEPTH) return node.below
      let child = node.children.get(level)
      if (child === undefined) {
        child = createNode()
        node.children.set(level, child)
      }
      node = child
    }
    return node.here
  }

  #deletePattern(
    node: PatternNode<Value>,
    levels: readonly string[],
    depth: number,
    value: Value,
  ): void {
    const level = levels[depth]
    if (level === undefined || level === ANY_DEPTH) {
      if ((level === undefined ? node.here : node.below).delete(value)) this.#patternCount--
      return
    }
    const child = node.children.get(level)
    if (child === undefined) return
    this.#deletePattern(child, levels, depth + 1, value)
    if (child.children.size === 0 && child.here.size === 0 && child.below.size === 0) {
      node.children.delete(level)
    }
  }

  #visitPatterns(
    node: PatternNode<Value>,
    levels: readonly string[],
    depth: number,
    visit: (value: Value) => void,
  ): void {
    const level = levels[depth]
    if (level === undefined) {
      for (const value of node.here) visit(value)
      return
    }
    for (const value of node.below) visit(value)
    const literal = node.children.get(level)
    if (literal !== undefined) this.#visitPatterns(literal, levels, depth + 1, visit)
    const wildcard = node.children.get(ONE_LEVEL)
    if (wildcard !== undefined) this.#visitPatterns(wildcard, levels, depth + 1, visit)
  }
}
