import { serverAudits } from 'graphql-http'
import { describe, expect, it } from 'vitest'
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
