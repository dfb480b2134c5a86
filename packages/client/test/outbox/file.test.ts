import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createClient } from '../../src/index.ts'
import { fileOutbox } from '../../src/node.ts'
import { FolderOutboxStore } from '../../src/outbox/file.ts'
import { serve } from '../kit/raw-server.ts'
import { until } from '../kit/until.ts'

const entry = (id: string): { id: string; events: { topic: string; data: unknown }[] } => ({
  id,
  events: [{ topic: 'a', data: id }],
})

describe('an outbox in a folder', () => {
  it('keeps entries in order over the end of the program, and leaves nothing behind', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'heartline-outbox-')), 'new')
    const first = new FolderOutboxStore(folder)
    expect(await first.load()).toEqual([])
    await Promise.all(['c', 'a', 'b'].map(async (id) => first.add(entry(id))))
    await first.remove('a')
    const second = new FolderOutboxStore(folder)
    await second.add(entry('d'))
    writeFileSync(join(folder, '000000000099.json.new'), '{"half')
    const third = new FolderOutboxStore(folder)
    expect((await third.load()).map(({ id }) => id)).toEqual(['c', 'b', 'd'])
    for (const id of ['b', 'c', 'd', 'unknown']) await third.remove(id)
    expect(readdirSync(folder)).toEqual(['000000000099.json.new'])
  })

  it('lets the next client send what this one could not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'heartline-outbox-'))
    const before = createClient({ url: 'http://127.0.0.1:9', outbox: fileOutbox(folder) })
    const lost = [1, 2, 3].map((data) => before.publish({ topic: 'a', data }).catch(() => {}))
    await until(() => readdirSync(folder).filter((name) => name.endsWith('.json')).length === 3)
    before.close()
    await Promise.all(lost)
    const stored: unknown[] = []
    const { url } = await serve((request, response, _, body) => {
      if (request.method === 'GET') {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        return response.write('data: 1\n\n')
      }
      stored.push(...(JSON.parse(body) as { data: unknown }[]).map(({ data }) => data))
      return response.writeHead(201).end('[{"id":"x","duplicate":false}]')
    })
    const after = createClient({ url, outbox: fileOutbox(folder) })
    onTestFinished(() => after.close())
    after.connect()
    await until(() => stored.length === 3 && readdirSync(folder).length === 0)
    expect(stored).toEqual([1, 2, 3])
  })
})
