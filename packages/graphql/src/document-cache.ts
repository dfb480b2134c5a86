import type { DocumentNode } from 'graphql'

/** A tree is many times larger than its text: long texts are parsed each time. */
const MAX_TEXT = 16_384

/**
 * All texts together, in characters. Trees take up to 120 bytes for each: 120 MB at the most, whoever
 * sends documents that are long and each another.
 */
const MAX_CHARACTERS = 1_048_576

/** Documents that were parsed and found valid, by their text: the least recently used one leaves. */
export class DocumentCache {
  readonly #max: number
  readonly #documents = new Map<string, DocumentNode>()
  #characters = 0

  constructor(maxDocuments: number) {
    this.#max = maxDocuments
  }

  get size(): number {
    return this.#documents.size
  }

  get(text: string): DocumentNode | undefined {
    const document = this.#documents.get(text)
    if (document === undefined) return undefined
    this.#documents.delete(text)
    this.#documents.set(text, document)
    return document
  }

  set(text: string, document: DocumentNode): void {
    if (text.length > MAX_TEXT || this.#documents.has(text)) return
    this.#documents.set(text, document)
    this.#characters += text.length
    while (this.#documents.size > this.#max || this.#characters > MAX_CHARACTERS) this.#forget()
  }

  #forget(): void {
    const [oldest = ''] = this.#documents.keys()
    this.#documents.delete(oldest)
    this.#characters -= oldest.length
  }
}
