import { expect } from 'vitest'
import { brief, type Rules } from '../kit/rule.ts'
import { fail, stream } from '../kit/site.ts'

/** HTML 9.2.3 and 9.2.4: coming back, after which time, and with which id. */
export const reconnectRules: Rules = (target, rule) => {
  rule('HL-ES-30', 'comes back when a stream ends, and says so', async (trial) => {
    const { entries, site } = await trial.visits(['retry: 1\ndata: 1\n\n', 'data: 2\n\n'], {
      count: 5,
    })
    expect(brief(entries)).toEqual(['open 1', 'message 1', 'error 0', 'open 1', 'message 1'])
    expect(site.asked.map(({ url }) => url)).toEqual(['/stream', '/stream'])
  })

  rule(
    'HL-ES-31',
    'comes back when a stream breaks, without what was unfinished',
    async (trial) => {
      const site = await trial.serve((_, response, n) => {
        if (n > 0) return stream(response, 'data: 2\n\nevent: end\ndata\n\n')
        stream(response, 'retry: 1\ndata: 1\n\nevent: x\nid: 9\ndata: lost')
        return setTimeout(() => response.destroy(), 50)
      })
      const entries = await trial.watch(site.url, { types: ['x'] })
      expect(entries.map(({ type, data }) => data ?? type)).toEqual([
        'open',
        '1',
        'error',
        'open',
        '2',
        '',
      ])
      expect(site.asked[1]?.headers).not.toHaveProperty('last-event-id')
    },
  )

  rule('HL-ES-32', 'waits a few seconds when nobody names a time', async (trial) => {
    const { entries } = await trial.visits(['data: 1\n\n'])
    const [, , first, last] = entries.map(({ atMs }) => atMs)
    const waited = Number(last) - Number(first)
    expect(waited).toBeGreaterThan(2500)
    expect(waited).toBeLessThan(15_000)
  })

  const times: [string, boolean][] = [
    ['retry: 600\n\n', true],
    ['retry:600\n\n', true],
    ['retry: 600\n', true],
    ['retry: 1\nretry: 600\n\n', true],
    ['retry: 600\nretry: x\nretry: -1\nretry: 1.5\nretry: 1e9\n\n', true],
    ['retry: 600\nretry: 1 \nretry:  1\nretry: +1\nRetry: 1\nretry: ٣\n\n', true],
    ['retry: 0000600\n\n', true],
  ]
  // To Chromium's own, an empty value means the time that it began with.
  if (target.isOurs && !target.isFar) times.push(['retry: 600\nretry\nretry:\nretry: \n\n', true])
  for (const [text, slow] of times) {
    rule('HL-ES-33', `waits the time of ${JSON.stringify(text)}`, async (trial) => {
      const { entries } = await trial.visits([text])
      const [, first, last] = entries.map(({ atMs }) => atMs)
      const waited = Number(last) - Number(first)
      expect(waited).toBeGreaterThan(slow ? 580 : 0)
      expect(waited).toBeLessThan(2800)
    })
  }

  rule('HL-ES-33', 'keeps the time over later streams, and after a break', async (trial) => {
    const site = await trial.serve((request, response, n) => {
      if (n === 0) stream(response, 'retry: 500\n\n').end()
      else if (n === 1) fail(request)
      else response.writeHead(204).end()
    })
    const entries = await trial.watch(site.url)
    const times = entries.map(({ atMs }) => atMs)
    expect(brief(entries)).toEqual(['open 1', 'error 0', 'error 0', 'error 2'])
    for (const n of [2, 3]) expect(Number(times[n]) - Number(times[n - 1])).toBeGreaterThan(480)
  })

  rule('HL-ES-34', 'sends the last id, as UTF-8', async (trial) => {
    const ids = ['1', 'a b', '…é😀', 'x'.repeat(300), '"(,;:/?{})"', '1.k3f9.mhx2c1q8-1z4']
    const texts = ids.map((id) => `retry: 1\nid: ${id}\ndata: x\n\n`)
    const { ids: sent, messages } = await trial.visits(texts)
    expect(sent).toEqual([undefined, ...ids])
    expect(messages.map(({ lastEventId }) => lastEventId)).toEqual(ids)
  })

  rule('HL-ES-35', 'keeps the id over streams that give none', async (trial) => {
    const texts = ['retry: 1\nid: 1\ndata: a\n\n', 'data: b\n\n', 'data: c\n\n']
    const { ids, messages } = await trial.visits(texts)
    expect(ids).toEqual([undefined, '1', '1', '1'])
    expect(messages.map(({ lastEventId }) => lastEventId)).toEqual(['1', '1', '1'])
  })

  rule('HL-ES-35', 'keeps the id over an attempt that failed', async (trial) => {
    const site = await trial.serve((request, response, n) => {
      if (n === 0) stream(response, 'retry: 1\nid: 1\ndata: a\n\n').end()
      else if (n === 1) fail(request)
      else response.writeHead(204).end()
    })
    await trial.watch(site.url)
    expect(site.asked.at(-1)?.headers['last-event-id']).toBe('1')
  })

  for (const reset of ['id\n\n', 'id:\n\n', 'id: \n\n', 'id\ndata: b\n\n']) {
    rule('HL-ES-36', `sends no id after ${JSON.stringify(reset)}`, async (trial) => {
      const { ids } = await trial.visits([`retry: 1\nid: 1\ndata: a\n\n`, reset, 'data: c\n\n'])
      expect(ids).toEqual([undefined, '1', undefined, undefined])
    })
  }

  rule('HL-ES-37', 'takes an id without data, and none of an unfinished block', async (trial) => {
    const { ids } = await trial.visits(['retry: 1\nid: 1\n\nid: 2\n', 'id: 3\n\nid: 4\ndata: x'])
    expect(ids).toEqual([undefined, '1', '3'])
  })

  rule('HL-ES-38', 'ignores an id with NUL', async (trial) => {
    const { ids, messages } = await trial.visits(['retry: 1\nid: 1\n\nid: 2\0\ndata: a\n\n'])
    expect(ids).toEqual([undefined, '1'])
    expect(messages[0]?.lastEventId).toBe('1')
  })

  rule('HL-ES-39', 'is asked no more once it fails for good', async (trial) => {
    const { entries, site } = await trial.visits(['retry: 1\n\n'], { stayMs: 200 })
    expect(brief(entries)).toEqual(['open 1', 'error 0', 'error 2'])
    expect(site.asked.length).toBe(2)
  })

  rule('HL-ES-40', 'leaves at least 50 ms between two requests', async (trial) => {
    // What a browser does by itself is its own affair.
    if (!target.isOurs || target.isFar) return
    const at: number[] = []
    const site = await trial.serve((_, response) => {
      at.push(performance.now())
      stream(response, 'retry: 0\ndata: 1\n\n').end()
    })
    await trial.watch(site.url, { count: 12 })
    const gaps = at.slice(1).map((time, n) => time - (at[n] ?? 0))
    expect(Math.min(...gaps)).toBeGreaterThan(35)
  })

  for (const id of ['\x01', 'a\x0bb', '\x7f']) {
    rule('HL-ES-41', `comes back after the id ${JSON.stringify(id)}, without it`, async (trial) => {
      // Chromium sends it.
      if (!target.isOurs || target.isFar) return
      const { ids, messages } = await trial.visits([
        'retry: 1\nid: 1\ndata: a\n\n',
        `id: ${id}\ndata: b\n\n`,
        'data: c\n\n',
      ])
      expect(messages.map(({ data, lastEventId }) => [data, lastEventId])).toEqual([
        ['a', '1'],
        ['b', id],
        ['c', id],
      ])
      expect(ids).toEqual([undefined, '1', undefined, undefined])
    })
  }
}
