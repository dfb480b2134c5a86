import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import type { PlaceStore } from './place-store.ts'

/**
 * Keeps the place in a file. It is written beside and renamed, so that a crash leaves the old place
 * or the new one, never half of it.
 */
export function fileStore(path: string): PlaceStore {
  return {
    async load() {
      try {
        return (await readFile(path, 'utf8')) || undefined
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    async save(id) {
      const beside = `${path}.${randomBytes(4).toString('hex')}`
      await writeFile(beside, id)
      await rename(beside, path)
    },
  }
}
