import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect } from 'vitest'
import { brief, type Rules } from '../kit/rule.ts'
import { stream, type Site } from '../kit/site.ts'

/** Fetch (CORS): streams of another origin. Only browsers know such a thing. */
export const farRules: Rules = (target, rule) => {
  if (!target.isBrowser) return

  rule('HL-ES-13', 'sends the cookies of its own origin', async (trial) => {
    const site = await trial.serve((_, response, n) => {
      response.setHeader('set-cookie', 'a=1; SameSite=Lax')
      stream(
        response,
        `retry: 1\nid: ${n}\ndata: ${n}\n\n${n === 1 ? 'event: end\ndata\n\n' : ''}`,
      ).end()
    })
    // From elsewhere, only with leave.
    await trial.watch(site.url)
    expect(site.asked.map(({ headers }) => headers.cookie)).toEqual([
      undefined,
      target.isFar ? undefined : 'a=1',
    ])
  })

  rule('HL-ES-14', 'reads another origin only with its leave', async (trial) => {
    await trial.serve((_, response) => stream(response))
    const leaves: [Record<string, string>, boolean, boolean][] = [
      [{}, false, false],
      [{ 'access-control-allow-origin': 'http://example.com' }, false, false],
      [{ 'access-control-allow-origin': '' }, false, false],
      [{ 'access-control-allow-origin': '*' }, false, true],
      [{ 'access-control-allow-origin': '*' }, true, false],
      [{ 'access-control-allow-origin': 'THEIRS' }, false, true],
      [{ 'access-control-allow-origin': 'THEIRS' }, true, false],
      [
        { 'access-control-allow-origin': '*', 'access-control-allow-credentials': 'true' },
        true,
        false,
      ],
      [
        { 'access-control-allow-origin': 'THEIRS', 'access-control-allow-credentials': 'true' },
        true,
        true,
      ],
    ]
    for (const [headers, withCredentials, opens] of leaves) {
      const other = await trial.serve(
        (request, response) => {
          for (const [name, value] of Object.entries(headers)) {
            response.setHeader(name, value.replace('THEIRS', request.headers.origin ?? ''))
          }
          stream(response, 'data: 1\n\n')
        },
        { allows: false },
      )
      const seen = await trial.watch(other.url, {
        init: { withCredentials },
        count: opens ? 2 : 1,
        stayMs: opens ? 0 : 50,
      })
      const expected = opens ? ['open 1', 'message 1'] : ['error 2']
      expect([headers, withCredentials, brief(seen)]).toEqual([headers, withCredentials, expected])
      expect(other.asked.length).toBe(1)
      expect(other.asked[0]?.headers.origin).toMatch(/^http:/)
    }
  })

  rule('HL-ES-15', 'sends cookies to another origin only with credentials', async (trial) => {
    await trial.serve((_, response) => stream(response))
    for (const withCredentials of [false, undefined, true]) {
      const other = await trial.serve(cookieEcho)
      const init = withCredentials === undefined ? {} : { withCredentials }
      const seen = await trial.watch(other.url, { init, types: ['end'] })
      const cookies = seen.filter(({ data }) => data !== undefined).map(({ data }) => data)
      expect(cookies).toEqual(['none', withCredentials === true ? 'a=1' : 'none'])
    }
  })

  rule(
    'HL-ES-16',
    'comes back to another origin with its id, and asks no leave for it',
    async (trial) => {
      await trial.serve((_, response) => stream(response))
      const other = await trial.serve((_, response, n) => {
        const id = ['1', '…é', '"(x)"', 'y'.repeat(200)][n]
        if (id === undefined) response.writeHead(204).end()
        else stream(response, `retry: 1\nid: ${id}\ndata: ${n}\n\n`).end()
      })
      await trial.watch(other.url)
      expect(other.preflights).toBe(0)
      expect(sentIds(other)).toEqual([undefined, '1', '…é', '"(x)"', 'y'.repeat(200)])
      expect(other.asked.every(({ url }) => url === '/stream')).toBe(true)
    },
  )

  rule('HL-ES-18', 'follows a redirect to another origin with its leave only', async (trial) => {
    const main = await trial.serve((request, response) => {
      response
        .writeHead(302, {
          location: new URL(request.url ?? '', 'http://x').searchParams.get('to') ?? '',
        })
        .end()
    })
    for (const allows of [true, false]) {
      const other = await trial.serve((_, response) => stream(response, 'data: 1\n\n'), { allows })
      const url = `${main.url}?to=${encodeURIComponent(other.url)}`
      const [first] = await trial.watch(url, { count: 1, stayMs: 50 })
      expect([allows, first?.type]).toEqual([allows, allows ? 'open' : 'error'])
      expect(other.asked.length).toBe(1)
    }
  })

  if (!target.isOurs) return

  rule(
    'HL-ES-90',
    'with resumeBy query, sends the id to another origin in the query',
    async (trial) => {
      await trial.serve((_, response) => stream(response))
      const other = await trial.serve((_, response, n) => {
        const id = ['1', '…é&=#+ %', ''][n]
        if (id === undefined) response.writeHead(204).end()
        else stream(response, `retry: 1\nid: ${id}\ndata: ${n}\n\n`).end()
      })
      const init = { resumeBy: 'query' } as EventSourceInit
      const seen = await trial.watch(`${other.url}?a=b`, { init })
      expect(
        other.asked.map(({ url }) =>
          new URL(url ?? '', 'http://x').searchParams.get('lastEventId'),
        ),
      ).toEqual([null, '1', '…é&=#+ %', null])
      expect(sentIds(other)).toEqual([undefined, undefined, undefined, undefined])
      expect(seen.filter(({ data }) => data !== undefined).length).toBe(3)
    },
  )

  rule('HL-ES-91', 'goes on by query where the browser has no EventSource', async (trial) => {
    await trial.serve((_, response) => stream(response))
    const other = await trial.serve((_, response, n) => {
      if (n > 1) response.writeHead(204).end()
      else stream(response, `retry: 1\nid: ${n}\ndata: ${n}\n\n`).end()
    })
    // Any option of its own makes it read with fetch.
    const init = { maxEventLength: 1000 } as EventSourceInit
    await trial.watch(other.url, { init })
    expect(other.asked.map(({ url }) => url)).toEqual([
      '/stream',
      '/stream?lastEventId=0',
      '/stream?lastEventId=1',
    ])
  })
}

/** Sets a cookie with its first answer, and says which one it was sent. */
function cookieEcho(request: IncomingMessage, response: ServerResponse): void {
  const isFirst = request.headers['last-event-id'] === undefined
  response.setHeader('set-cookie', 'a=1; SameSite=Lax')
  const data = request.headers.cookie ?? 'none'
  const text = isFirst ? `id: 1\nretry: 1\ndata: ${data}\n\n` : `event: end\ndata: ${data}\n\n`
  stream(response, text).end()
}

function sentIds(site: Site): (string | undefined)[] {
  return site.asked.map(({ headers }) => {
    const id = headers['last-event-id']
    return id === undefined ? undefined : Buffer.from(String(id), 'latin1').toString()
  })
}
