import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sessionStorageStore } from '../../src/browser.ts'
import { memoryStore } from '../../src/index.ts'
import { fileStore } from '../../src/node.ts'

describe('stores', () => {
  it('in memory keep the place for the next client', async () => {
    const store = memoryStore('a')
    expect(await store.load()).toBe('a')
    await store.save('b')
    expect(await store.load()).toBe('b')
    expect(await memoryStore().load()).toBeUndefined()
  })

  it('in a Storage use one key', async () => {
    const kept = new Map<string, string>()
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    }
    const store = sessionStorageStore('k', storage)
    expect(await store.load()).toBeUndefined()
    await store.save('b')
    expect([...kept]).toEqual([['k', 'b']])
    expect(await store.load()).toBe('b')
  })

  it('in a Storage that is denied fail when they are used', () => {
    expect(() => sessionStorageStore('k').load()).toThrow(TypeError)
  })

  it('in a file leave nothing else behind, and fail when it cannot be read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'heartline-place-'))
    const store = fileStore(join(folder, 'place'))
    expect(await store.load()).toBeUndefined()
    await store.save('a')
    await store.save('b')
    expect(await store.load()).toBe('b')
    expect(readdirSync(folder)).toEqual(['place'])
    writeFileSync(join(folder, 'place'), '')
    expect(await store.load()).toBeUndefined()
    await expect(fileStore(folder).load()).rejects.toThrow('EISDIR')
  })
})
