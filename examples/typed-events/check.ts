import { createClient } from '@heartline/client'
import { events } from './events.ts'
import { description, startService } from './service.ts'

/**
 * Reads the stream with the definition that the server sends with, and its description.
 *
 * @returns What is wrong; nothing when all is well.
 */
export async function checkTypedEvents(): Promise<string[]> {
  const { url, server } = await startService()
  const problems: string[] = []
  const expect = (isRight: boolean, what: string): void => {
    if (!isRight) problems.push(what)
  }
  try {
    expect((await readTicks(url)).join() === '1,2,3,done:3', 'the ticks are others')
    const refused = await fetch(`${url}/broken`)
    const { code } = (await refused.json()) as { code?: string }
    expect(code === 'HL_EVENTS_DATA_INVALID', `a wrong value was not refused, but ${code}`)

    const served = await fetch(`${url}/openapi.json`)
    const etag = served.headers.get('etag') ?? ''
    expect((await served.text()) === JSON.stringify(description), 'the description is another')
    const again = await fetch(`${url}/openapi.json`, { headers: { 'if-none-match': etag } })
    expect(again.status === 304, 'the description is sent twice')
    expect(description.openapi.startsWith('3.2'), 'the description is not one of 3.2')
  } finally {
    server.close()
    server.closeAllConnections()
  }
  return problems
}

/** The compiler knows that a tick has an `n`, and what `done` says. */
async function readTicks(url: string): Promise<readonly string[]> {
  const client = createClient({ url: `${url}/ticks`, schemas: events.schemas })
  const seen: string[] = []
  await new Promise<void>((resolve, reject) => {
    client.onError(reject)
    client.on('tick', ({ n }) => void seen.push(n.toFixed()))
    client.on('done', (done) => {
      seen.push(`done:${done.ticks}`)
      resolve()
    })
  })
  client.close()
  return seen
}
