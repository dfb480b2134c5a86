import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const kept = new Set<string>()

process.once('exit', () => {
  for (const path of kept) rmSync(path, { recursive: true, force: true })
})

/** A new empty directory. It is removed at the latest when this process ends. */
export function makeTempDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'heartline-test-'))
  kept.add(path)
  return path
}

export function removeTempDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 5 })
  kept.delete(path)
}
