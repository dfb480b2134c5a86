import { expect } from 'vitest'
import { brief, type Rules } from '../kit/rule.ts'
import { stream } from '../kit/site.ts'

/** HTML 9.2.2 and 9.2.3: what is asked for, and where redirects lead. */
export const requestRules: Rules = (target, rule) => {
  rule('HL-ES-10', 'is a GET for an event stream', async (trial) => {
    const site = await trial.serve((_, response) => stream(response, 'data: 1\n\n'))
    await trial.watch(site.url, { count: 2 })
    const { method, headers } = site.asked[0] ?? {}
    expect([method, headers?.accept]).toEqual(['GET', 'text/event-stream'])
    expect(headers).not.toHaveProperty('content-length')
    expect(headers).not.toHaveProperty('transfer-encoding')
  })

  rule('HL-ES-11', 'goes past every cache', async (trial) => {
    const site = await trial.serve((_, response, n) => {
      response.setHeader('cache-control', 'public, max-age=3600')
      stream(response, `data: ${n}\n\nevent: end\ndata\n\n`).end()
    })
    const first = await trial.watch(site.url)
    const second = await trial.watch(site.url)
    expect([first[1]?.data, second[1]?.data]).toEqual(['0', '1'])
    expect(site.asked[0]?.headers['cache-control']).toBe('no-cache')
  })

  rule('HL-ES-12', 'has no Last-Event-ID and nothing of ours at first', async (trial) => {
    const site = await trial.serve((_, response) => stream(response, 'data: 1\n\n'))
    await trial.watch(site.url, { count: 2 })
    const { headers = {}, url } = site.asked[0] ?? {}
    expect(Object.keys(headers).filter((name) => /last-event|heartline/.test(name))).toEqual([])
    expect(url).toBe('/stream')
  })

  for (const status of [301, 302, 303, 307, 308]) {
    rule('HL-ES-17', `names the origin of the answer after a ${status}`, async (trial) => {
      const site = await trial.serve((_, response, n) => {
        if (n > 0) response.writeHead(204).end()
        else response.writeHead(status, { location: other.url }).end()
      })
      const other = await trial.serve((_, response, n) => {
        if (n > 0) response.writeHead(204).end()
        else stream(response, 'retry: 1\ndata: 1\n\n').end()
      })
      const entries = await trial.watch(site.url)
      expect(brief(entries)).toEqual(['open 1', 'message 1', 'error 0', 'error 2'])
      expect(entries[1]?.origin).toBe(other.origin)
      // It is the first address that is asked again. Chromium's own asks where it was sent.
      const isChromium = target.isFar || !target.isOurs
      expect([site.asked.length, other.asked.length]).toEqual(isChromium ? [1, 2] : [2, 1])
    })
  }

  rule('HL-ES-17', 'follows redirects of its own origin, and keeps its url', async (trial) => {
    const site = await trial.serve((_, response, n) => {
      if (n === 1) stream(response, 'retry: 1\nid: 1\ndata: 1\n\n').end()
      else response.writeHead(n === 0 ? 302 : 204, { location: '/there' }).end()
    })
    const seen = await trial.run(async ({ EventSource }, address) => {
      const source = new EventSource(address)
      const data = await new Promise(
        (resolve) => (source.onmessage = (event) => resolve(event.data)),
      )
      await new Promise<void>((resolve) => {
        source.onerror = () => source.readyState === 2 && resolve()
      })
      return [data, source.url]
    }, site.url)
    expect(seen).toEqual(['1', site.url])
    const last = target.isFar || !target.isOurs ? '/there' : '/stream'
    expect(site.asked.map(({ url }) => url)).toEqual(['/stream', '/there', last])
    expect(site.asked[2]?.headers['last-event-id']).toBe('1')
  })

  rule('HL-ES-18', 'takes too many redirects for a network that may get better', async (trial) => {
    const site = await trial.serve((_, response) => {
      response.writeHead(302, { location: '/again' }).end()
    })
    expect(brief(await trial.watch(site.url, { count: 1 }))).toEqual(['error 0'])
    expect(site.asked.length).toBe(21)
  })

  rule('HL-ES-19', 'fails for good when the scheme is none of the network', async (trial) => {
    for (const url of [
      'ftp://example.com/',
      'about:blank',
      'mailto:a@example.com',
      'javascript:1',
    ]) {
      expect([url, ...brief(await trial.watch(url, { stayMs: 150 }))]).toEqual([url, 'error 2'])
    }
  })

  if (!target.isOurs || target.isFar) return

  rule('HL-ES-92', 'lets a fetch of the caller spread the fields', async (trial) => {
    const site = await trial.serve((_, response, n) => {
      if (n > 0) response.writeHead(204).end()
      else stream(response, 'retry: 1\nid: 7\ndata: 1\n\n').end()
    })
    await trial.run(async (kit, url) => {
      const add: typeof fetch = (input, init) =>
        fetch(input, {
          ...init,
          headers: { ...(init?.headers as Record<string, string>), 'x-own': 'yes' },
        })
      const source = new kit.EventSource(url, { fetch: add } as EventSourceInit)
      await new Promise<void>((resolve) => {
        source.onerror = () => source.readyState === 2 && resolve()
      })
    }, site.url)
    expect(site.asked.map(({ headers }) => headers)).toMatchObject([
      { accept: 'text/event-stream', 'x-own': 'yes' },
      { accept: 'text/event-stream', 'x-own': 'yes', 'last-event-id': '7' },
    ])
  })
}
