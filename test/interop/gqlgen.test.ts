import { subscribe } from '@heartline/graphql/client'
import { createClient } from 'graphql-sse'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { childEnd, hasEnded, killChild, startChild } from '../kit/child.ts'
import { waitFor } from '../kit/wait-for.ts'
import { buildGqlgen } from './go-gqlgen/build.ts'
import { goMissing } from './go/build.ts'

const BUILD_MS = 300_000
const COUNT = 'subscription { count }'
const THREE = [1, 2, 3].map((count) => ({ data: { count } }))

/** Why there is no server: no compiler, no module proxy. Not a reason in CI. */
let missing: string | undefined
let url = ''
let child: ReturnType<typeof startChild> | undefined

async function collect(results: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const result of results) all.push(result)
  return all
}

beforeAll(async () => {
  missing = goMissing()
  if (missing !== undefined && process.env['CI'] !== undefined) throw new Error(missing)
  if (missing !== undefined) return
  const program = await buildGqlgen().catch((error: Error) => {
    if (process.env['CI'] !== undefined) throw error
    missing = `gqlgen could not be built: ${error.message}`
    return undefined
  })
  if (program === undefined) return
  const server = startChild(program, [], { stdio: ['ignore', 'pipe', 'inherit'] })
  child = server
  let said = ''
  server.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text))
  await waitFor(() => said.endsWith('\n') || hasEnded(server), { what: 'gqlgen listens' })
  url = `http://127.0.0.1:${Number(said)}/`
}, BUILD_MS)

afterAll(async () => {
  if (child === undefined) return
  killChild(child)
  await childEnd(child)
})

describe('A server of gqlgen', () => {
  it('is read by subscribe to the complete that has no data', async (context) => {
    if (missing !== undefined) context.skip(missing)
    const raw = await fetch(url, {
      method: 'POST',
      headers: { accept: 'text/event-stream', 'content-type': 'application/json' },
      body: JSON.stringify({ query: COUNT }),
    })
    // What makes it hard to read: an event without data is none in the HTML standard.
    expect(await raw.text()).toMatch(/^:\n\n[^]*event: complete\n\n$/)
    expect(await collect(subscribe({ url, query: COUNT }))).toEqual(THREE)
  })

  it('is read by the client of graphql-sse with the same result', async (context) => {
    if (missing !== undefined) context.skip(missing)
    const client = createClient({ url, retryAttempts: 0 })
    expect(await collect(client.iterate({ query: COUNT }))).toEqual(THREE)
    client.dispose()
  })

  it('may be silent but for its pings, and is left at once', async (context) => {
    if (missing !== undefined) context.skip(missing)
    const results = subscribe({ url, query: 'subscription { silence }' })
    const next = results.next()
    await new Promise((resolve) => setTimeout(resolve, 500))
    await results.return?.()
    expect(await next).toEqual({ value: undefined, done: true })
  })

  it('tells of validation errors as results', async (context) => {
    if (missing !== undefined) context.skip(missing)
    const [result] = await collect(subscribe({ url, query: 'subscription { nothing }' }))
    expect(result).toMatchObject({ errors: [{ message: expect.stringMatching(/nothing/) }] })
  })

  it('answers a query over SSE', async (context) => {
    if (missing !== undefined) context.skip(missing)
    expect(await collect(subscribe({ url, query: '{ hello }' }))).toEqual([
      { data: { hello: 'Hello from gqlgen' } },
    ])
  })
})
