import { expect, it } from 'vitest'
import { StreamReader } from '../../src/client/stream-reader.ts'
import { eventually, start } from '../kit.ts'

it('a reader that is kicked does not come back; one that is only ended does', async () => {
  const server = await start()
  const events: string[] = []
  let opened = 0
  const listener = {
    onEvent: (event: { type: string }) => void events.push(event.type),
    onOpen: () => void opened++,
    onRetry: () => {},
  }
  const endpoint = { url: server.url, headers: {} }
  const reader = new StreamReader({ endpoint, selectors: ['a'] }, listener, () => 0)
  const reading = reader.run()
  await eventually(() => server.hub.sessions().length === 1)
  server.hub.endSession(server.hub.sessions()[0]!.id, { reconnect: true })
  await eventually(() => opened === 2 && server.hub.sessions().length === 1)
  server.hub.endSession(server.hub.sessions()[0]!.id, { reconnect: false })
  await reading
  expect(opened).toBe(2)
  expect(events.at(-1)).toBe('heartline.end')
})
