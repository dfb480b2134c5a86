import { serverAudits } from 'graphql-http'
import { describe, expect, it } from 'vitest'
import { until } from '../../client/test/kit/until.ts'
import { startApi, targets } from './kit/ask.ts'

describe.each(targets)('GraphQL over HTTP ($name)', (target) => {
  it('passes the audits of graphql-http: all MUST and SHOULD, and all MAY', async () => {
    const { url, fetch } = await startApi(target)
    const counts = { MUST: 0, SHOULD: 0, MAY: 0 }
    const problems: string[] = []
    for (const audit of serverAudits({ url: () => url, fetchFn: fetch })) {
      const result = await audit.fn()
      const level = audit.name.split(' ', 1)[0] as keyof typeof counts
      if (result.status === 'ok') counts[level]++
      else problems.push(`${audit.name}: ${result.status} ${result.reason}`)
    }
    expect(problems).toEqual([])
    expect(counts).toEqual({ MUST: 13, SHOULD: 23, MAY: 25 })
  }, 60_000)

  it('answers a mutation over GET with 405, in every media type', async () => {
    const api = await startApi(target)
    const url = `${api.url}?query=${encodeURIComponent('mutation { note(text: "no") }')}`
    for (const accept of ['application/json', 'text/event-stream', '*/*']) {
      const response = await api.fetch(url, { headers: { accept } })
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe('POST')
    }
    expect(api.notes).toEqual([])
  })

  it('says that a subscription needs a stream', async () => {
    const api = await startApi(target)
    const response = await api.post({ query: 'subscription { count(to: 1) }' })
    expect(response.status).toBe(406)
    expect(await response.text()).toContain('text/event-stream')
    expect(api.sources.opened).toBe(0)
  })
})

/** What the requests of all servers say of the connection. */
interface Incoming {
  readonly signal?: AbortSignal
  readonly stream?: { readonly destroyed: boolean }
  readonly socket?: { readonly destroyed: boolean }
}

function hasLeft({ signal, stream, socket }: Incoming): boolean {
  return signal?.aborted ?? stream?.destroyed ?? socket?.destroyed ?? false
}

describe.each(targets)('A client that leaves ($name)', (target) => {
  it.each([
    ['while hooks are asked, has nothing executed', false],
    ['while it is executed, ends its operation', true],
  ])('%s', async (_when, isExecuted) => {
    const ends: string[] = []
    let isAsked = false
    let goOn: (() => void) | undefined
    const reached = new Promise<void>((resolve) => (goOn = resolve))
    let isWaiting = false
    let incoming: Incoming = {}
    const wait = (): Promise<void> => {
      isWaiting = true
      return reached
    }
    const { execute } = target.graphql.engine
    const api = await startApi(target, {
      context: async (request) => {
        incoming = request as Incoming
        if (!isExecuted) await wait()
      },
      onOperation: () => (end) => void ends.push(end),
      engine: {
        ...target.graphql.engine,
        execute: async (args) => {
          isAsked = true
          if (isExecuted) await wait()
          return execute(args)
        },
      },
    })
    const leaving = new AbortController()
    const asking = api
      .fetch(api.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ query: '{ hello }' }),
        signal: leaving.signal,
      })
      .catch(() => 'left')
    await until(() => isWaiting)
    leaving.abort()
    expect(await asking).toBe('left')
    await until(() => hasLeft(incoming), 'the server sees it leave')
    goOn?.()
    await until(() => ends.length === 1)
    expect(ends).toEqual(['stopped'])
    expect(isAsked).toBe(isExecuted)
  })
})
