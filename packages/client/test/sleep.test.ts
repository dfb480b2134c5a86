import { onTestFinished, expect, test } from 'vitest'
import { createClient, type Surroundings } from '../src/index.ts'
import { openStream, serve } from './kit/raw-server.ts'
import { settle, until } from './kit/until.ts'

/** A page that a test puts into the back/forward cache. */
class Page implements Surroundings {
  readonly isOnline = true
  wake: () => void = () => {}
  sleep: () => void = () => {}
  isWatched = false

  watch(onWake: () => void, onSleep: () => void): () => void {
    this.wake = onWake
    this.sleep = onSleep
    this.isWatched = true
    return () => {
      this.isWatched = false
    }
  }
}

test('a page in the back/forward cache holds no stream, and goes on at its place', async () => {
  let open = 0
  const server = await serve((_, response, n) => {
    open++
    response.on('close', () => open--)
    openStream(response, `retry: 60000\nid: at-${n}\ndata: ${n}\n\n`)
  })
  const page = new Page()
  const seen: unknown[] = []
  const client = createClient({ url: server.url, surroundings: page })
  onTestFinished(() => client.close())
  client.on('*', (data) => void seen.push(data))
  await until(() => seen.length === 1)
  page.sleep()
  await until(() => open === 0)
  await settle(200)
  expect(server.requests).toHaveLength(1)
  expect(client.state.lastError?.code).toBe('HL_CLIENT_ASLEEP')
  page.wake()
  await until(() => seen.length === 2)
  expect(server.requests[1]?.headers['last-event-id']).toBe('at-0')
  expect(client.state.attempt).toBe(0)
})

test('a client that sleeps can be closed', async () => {
  const server = await serve((_, response) => openStream(response, 'data: 1\n\n'))
  const page = new Page()
  const client = createClient({ url: server.url, surroundings: page })
  client.connect()
  await until(() => client.state.name === 'open')
  page.sleep()
  await settle(100)
  client.close()
  page.wake()
  await settle(100)
  expect(client.state.name).toBe('closed')
  expect(server.requests).toHaveLength(1)
  expect(page.isWatched).toBe(false)
})
