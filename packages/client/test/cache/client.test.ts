import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { memoryCache } from '../../src/cache/index.ts'
import { createClient, memoryStore, type Client, type ClientOptions } from '../../src/index.ts'
import { fileCache, fileStore } from '../../src/node.ts'
import { openStream, serve } from '../kit/raw-server.ts'
import { settle, until } from '../kit/until.ts'

function connect(options: ClientOptions): Client {
  const client = createClient(options)
  onTestFinished(() => client.close())
  client.connect()
  return client
}

describe('a client with a cache', () => {
  it('keeps an event when all handlers and loops are done with it', async () => {
    const server = await serve((_, response) => openStream(response, 'id: 1\ndata: 1\n\n'))
    const cache = memoryCache()
    const client = createClient({ url: server.url, cache })
    onTestFinished(() => client.close())
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    let isCalled = false
    client.on('message', () => {
      isCalled = true
      return gate
    })
    await until(() => isCalled)
    expect(cache.latest('message')).toBeUndefined()
    release()
    await until(() => cache.latest('message')?.data === 1)
    expect(client.lastEventId).toBe('1')
  })

  it('serves the last values of the process before it while there is no server', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'heartline-cache-'))
    const server = await serve((_, response) =>
      openStream(
        response,
        'id: 1\nevent: price\ndata: {"bid":4}\n\nid: 2\nevent: note\ndata: a\n\n',
      ),
    )
    const parts = (): Partial<ClientOptions> => ({
      store: fileStore(join(folder, 'place')),
      cache: fileCache(join(folder, 'values')),
    })
    const first = connect({ url: server.url, ...parts() })
    const place = fileStore(join(folder, 'place'))
    await expect.poll(() => place.load(), { timeout: 20_000 }).toBe('2')
    first.close()
    const { url } = server
    await server.close()
    const cache = fileCache(join(folder, 'values'))
    const next = connect({ url, ...parts(), cache })
    await cache.load()
    await until(() => next.state.name === 'waiting')
    expect(cache.latest('price')).toMatchObject({ data: { bid: 4 }, id: '1' })
    expect(cache.latest('note')?.data).toBe('a')
  })

  it('never saves a place that the values do not reach', async () => {
    const places: string[] = []
    let missing = 0
    const cache = memoryCache<{ message: number }>()
    const server = await serve((_, response) => {
      openStream(response)
      for (let n = 1; n <= 300; n++) response.write(`id: ${n}\ndata: ${n}\n\n`)
    })
    const store = {
      load: () => undefined,
      save: (id: string) => {
        places.push(id)
        if ((cache.latest('message')?.data ?? 0) < Number(id)) missing++
      },
    }
    const client = createClient({ url: server.url, cache, store })
    onTestFinished(() => client.close())
    client.on('message', async (data) => {
      if (Number(data) % 7 === 0) await settle(1)
    })
    await until(() => places.at(-1) === '300')
    expect(missing).toBe(0)
  })

  it('reports a cache that cannot be read, and reads the stream from its place', async () => {
    const server = await serve((_, response) => openStream(response, 'data: 1\n\n'))
    const folder = mkdtempSync(join(tmpdir(), 'heartline-cache-'))
    const cache = fileCache(folder)
    const client = createClient({ url: server.url, cache, store: memoryStore('p') })
    onTestFinished(() => client.close())
    const codes: string[] = []
    client.onError(({ code }) => codes.push(code))
    client.connect()
    await until(() => cache.latest('message')?.data === 1)
    await cache.flush()
    expect(codes).toEqual(['HL_CLIENT_CACHE_FAILED'])
    expect(server.requests[0]?.headers['last-event-id']).toBe('p')
  })

  it('can follow a client that was made without it', async () => {
    const server = await serve((_, response) => openStream(response, 'data: 1\n\n'))
    const client = createClient({ url: server.url })
    onTestFinished(() => client.close())
    const cache = memoryCache()
    cache.follow(client)
    await until(() => cache.latest('message')?.data === 1)
  })
})
