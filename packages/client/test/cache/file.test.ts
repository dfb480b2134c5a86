import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileCache } from '../../src/node.ts'

const newPath = (): string => join(mkdtempSync(join(tmpdir(), 'heartline-cache-')), 'values')

const note = (data: unknown, type = 'note'): { type: string; data: unknown; id: string } => ({
  type,
  data,
  id: '',
})

async function reread(path: string): Promise<unknown[]> {
  const cache = fileCache(path)
  await cache.load()
  return cache.events().map(({ type, data }) => [type, data])
}

describe('a cache in a file', () => {
  it('serves the next process the last values', async () => {
    const path = newPath()
    expect(await reread(path)).toEqual([])
    const cache = fileCache(path)
    for (const data of ['one', 'two\nlines', 'ä']) {
      cache.keep(note(data))
      await cache.flush()
    }
    cache.keep(note({ n: 1 }, 'count'))
    await cache.flush()
    expect(new Map((await reread(path)) as [string, unknown][])).toEqual(
      new Map<string, unknown>([
        ['note', 'ä'],
        ['count', { n: 1 }],
      ]),
    )
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('survives a crash in the middle of a line, and loses nothing that comes after', async () => {
    const path = newPath()
    const cache = fileCache(path)
    cache.keep(note('whole'))
    await cache.flush()
    appendFileSync(path, '["half\\n","{\\"type')
    expect(await reread(path)).toEqual([['note', 'whole']])
    const next = fileCache(path)
    await next.load()
    next.keep(note('after', 'next'))
    await next.flush()
    expect(await reread(path)).toEqual([
      ['note', 'whole'],
      ['next', 'after'],
    ])
  })

  it('reads around what is not its own', async () => {
    const path = newPath()
    writeFileSync(path, 'hello\n5\nnull\n["a"]\n["note\\n","5"]\n[1,2]\n{}\n')
    expect(await reread(path)).toEqual([])
  })

  it('does not grow beyond what is kept, and leaves nothing beside it', async () => {
    const path = newPath()
    const cache = fileCache(path, { maxKeys: 10 })
    for (let n = 0; n < 400; n++) {
      cache.keep(note('x'.repeat(1000), `type-${n % 20}`))
      await cache.flush()
    }
    expect(statSync(path).size).toBeLessThan(65_536 + 3 * 10 * 1200)
    expect(readdirSync(join(path, '..'))).toEqual(['values'])
    expect(await reread(path)).toHaveLength(10)
  })

  it('is empty after clear, also when it could not be read', async () => {
    const path = newPath()
    writeFileSync(path, 'garbage')
    const cache = fileCache(path)
    cache.keep(note('secret'))
    await cache.clear()
    expect(readFileSync(path, 'utf8')).toBe('')
    cache.keep(note('new'))
    await cache.flush()
    expect(await reread(path)).toEqual([['note', 'new']])
  })

  it('that is denied is said once, is served, and is written when it is allowed', async () => {
    const folder = join(newPath(), '..', 'missing')
    const path = join(folder, 'values')
    const cache = fileCache(path)
    const codes: string[] = []
    cache.beside(undefined, ({ code }) => codes.push(code))
    for (const type of ['one', 'two']) {
      cache.keep(note(1, type))
      await cache.flush()
    }
    expect(codes).toEqual(['HL_CLIENT_CACHE_FAILED'])
    expect(cache.events()).toHaveLength(2)
    mkdirSync(folder)
    cache.keep(note(1, 'three'))
    await cache.flush()
    const types = cache.events().map(({ type }) => type)
    expect(types).toEqual(['one', 'two', 'three'])
    expect(await reread(path)).toEqual(types.map((type) => [type, 1]))
  })
})
