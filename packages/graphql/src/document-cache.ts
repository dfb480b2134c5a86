import type { DocumentNode } from 'graphql'

/** A tree is many times larger than its text: long texts are parsed each time. */
const MAX_TEXT = 16_384

/** Documents that were parsed and found valid, by their text: the least recently used one leaves. */
export class DocumentCache {
  readonly #max: number
  readonly #documents = new Map<string, DocumentNode>()

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
    if (text.length > MAX_TEXT || this.#max === 0) return
    this.#documents.set(text, document)
    if (this.#documents.size <= this.#max) return
    const [oldest = text] = this.#documents.keys()
    this.#documents.delete(oldest)
  }
}
