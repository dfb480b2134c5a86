import { afterEach, describe, expect, it } from 'vitest'
import { startHub, type HubProcess } from '../kit/hub-process.ts'
import { openRawSocket } from '../kit/raw-socket.ts'
import { RawReader } from '../kit/reader-raw.ts'
import type { ReceivedEvent } from '../kit/reader.ts'
import { makeTempDirectory, removeTempDirectory } from '../kit/temp-directory.ts'
import { sleep, waitFor } from '../kit/wait-for.ts'

const BODY = JSON.stringify({ topic: 'leaving', data: 'half before, half after' })
const HALF = Math.floor(BODY.length / 2)

let hub: HubProcess | undefined

afterEach(() => hub?.stop())

describe('a hub that leaves', () => {
  it('refuses a publish whose body arrives while it drains, and stores nothing of it', async () => {
    const directory = makeTempDirectory()
    const running = await startHub({
      store: `disk:${directory}`,
      flags: ['--drain-deadline', '3s'],
    })
    hub = running
    const seen: ReceivedEvent[] = []
    const reader = new RawReader(
      { url: `${running.url}/v1/events?topic=leaving&since=earliest` },
      { onEvent: (event) => seen.push(event) },
    )
    await waitFor(() => seen.some(({ type }) => type === 'heartline.cursor'), {
      what: 'the reader has its cursor',
    })
    // A reader that cannot be closed at once keeps the drain going.
    const stalled = await openRawSocket(running.port)
    stalled.send('GET /v1/events?topic=leaving HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const client = await openRawSocket(running.port)
    client.send('POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n')
    client.send(`Content-Length: ${BODY.length}\r\n\r\n${BODY.slice(0, HALF)}`)
    await sleep(200)
    const ended = running.terminate()
    await waitFor(() => seen.some(({ type }) => type === 'heartline.drain'), {
      what: 'the reader is told',
    })
    client.send(BODY.slice(HALF))
    await waitFor(() => client.received.includes('}') || client.isClosed, {
      what: 'it is answered',
    })
    expect(client.received).toMatch(/^HTTP\/1\.1 503 /)
    expect(client.received).toContain('"code":"HL_DRAINING"')
    expect(await ended).toBe(0)
    stalled.close()
    await running.start()
    await waitFor(() => reader.connects === 2, { what: 'the reader is back' })
    await sleep(300)
    await reader.close()
    expect(seen.filter(({ type }) => type === 'message')).toEqual([])
    expect(seen.filter(({ type }) => type === 'heartline.gap')).toEqual([])
    await running.stop()
    removeTempDirectory(directory)
  }, 60_000)
})
