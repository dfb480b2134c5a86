import { expect } from 'vitest'
import { brief, type Rules } from '../kit/rule.ts'
import { fail, stream } from '../kit/site.ts'

const FINAL = [201, 202, 204, 205, 206, 210, 226, 299, 300, 304, 305, 400, 401, 403, 404]
const FINAL_TOO = [405, 410, 418, 429, 451, 500, 501, 502, 503, 504, 599]

/** HTML 9.2.3: what becomes of an answer. */
export const answerRules: Rules = (target, rule) => {
  rule('HL-ES-20', 'opens with the head of a 200', async (trial) => {
    const { url } = await trial.serve((_, response) => stream(response))
    const open = await trial.run(async ({ EventSource }, address) => {
      const source = new EventSource(address)
      const event = await new Promise<Event>((resolve) => (source.onopen = resolve))
      const { bubbles, cancelable, type, target: to } = event
      const seen = [type, bubbles, cancelable, to === source, 'data' in event, source.readyState]
      source.close()
      return [...seen, event.constructor === Event]
    }, url)
    expect(open).toEqual(['open', false, false, true, false, 1, true])
  })

  rule('HL-ES-20', 'opens once for each stream, before its messages', async (trial) => {
    const { entries } = await trial.visits(['retry: 1\ndata: 1\n\ndata: 2\n\n', 'data: 3\n\n'])
    expect(brief(entries)).toEqual([
      'open 1',
      'message 1',
      'message 1',
      'error 0',
      'open 1',
      'message 1',
      'error 0',
      'error 2',
    ])
  })

  for (const status of [...FINAL, ...FINAL_TOO]) {
    rule('HL-ES-21', `fails for good with ${status}`, async (trial) => {
      const site = await trial.serve((_, response) => {
        const headers = { 'content-type': 'text/event-stream', 'retry-after': '0' }
        response.writeHead(status, headers)
        response.end(status === 204 || status === 304 ? '' : 'retry: 1\ndata: 1\n\n')
      })
      expect(brief(await trial.watch(site.url, { stayMs: 100 }))).toEqual(['error 2'])
      expect(site.asked.length).toBe(1)
    })
  }

  const types: [string[], boolean][] = [
    [['text/event-stream'], true],
    [['text/event-stream;'], true],
    [['text/event-stream;charset=utf-8'], true],
    [['text/event-stream; charset="utf-8"'], true],
    [['text/event-stream ; x'], true],
    [['text/event-stream;a="x,y"'], true],
    [['TEXT/Event-STREAM'], true],
    [['text/html', 'text/event-stream'], true],
    [['text/event-stream', 'text/html'], false],
    [['text/event-stream/x'], false],
    [['text/event-streams'], false],
    [['text/x-bogus'], false],
    [['x-text/event-stream'], false],
    [['text/plain'], false],
    [[], false],
  ]
  for (const [values, opens] of types) {
    const title = values.join(' | ') || 'no type'
    rule('HL-ES-22', `${opens ? 'opens' : 'fails for good'} with "${title}"`, async (trial) => {
      const site = await trial.serve((_, response) => {
        response.writeHead(
          200,
          values.flatMap((value) => ['content-type', value]),
        )
        response.write('data: …\n\n')
        // Chromium looks into text of some types first.
        if (!opens) response.end()
      })
      const entries = await trial.watch(site.url, { count: opens ? 2 : 1, stayMs: opens ? 0 : 100 })
      expect(brief(entries)).toEqual(opens ? ['open 1', 'message 1'] : ['error 2'])
      if (opens) expect(entries[1]?.data).toBe('…')
      expect(site.asked.length).toBe(1)
    })
  }

  // Chromium refuses other charsets, and takes text after a blank for a parameter.
  for (const [type, opens] of [
    ['text/event-stream;charset=windows-1252', true],
    ['text/event-stream;charset=bogus', true],
    ['text/event-stream x', false],
  ] as const) {
    rule('HL-ES-23', `looks only at the essence of "${type}"`, async (trial) => {
      const { url } = await trial.serve((_, response) => {
        response.writeHead(200, { 'content-type': type }).write('data: ä\n\n')
      })
      const entries = await trial.watch(url, { count: 1, stayMs: 50 })
      const isOurOwn = target.isOurs && !target.isFar
      expect(entries[0]?.type === 'open').toBe(isOurOwn ? opens : !opens)
      if (opens && isOurOwn) expect(entries[1]?.data).toBe('ä')
    })
  }

  rule('HL-ES-24', 'comes back after a connection without an answer', async (trial) => {
    const site = await trial.serve((request, response, n) => {
      if (n === 1) fail(request)
      else stream(response, `retry: 1\ndata: ${n}\n\n`).end()
    })
    const entries = await trial.watch(site.url, { count: 6 })
    expect(brief(entries)).toEqual([
      'open 1',
      'message 1',
      'error 0',
      'error 0',
      'open 1',
      'message 1',
    ])
    expect(site.asked.length).toBe(3)
  })

  rule('HL-ES-26', 'says an error with a plain event', async (trial) => {
    const { url } = await trial.serve((_, response, n) => {
      if (n === 0) stream(response, 'retry: 1\n\n').end()
      else response.writeHead(204).end()
    })
    const errors = await trial.run(async ({ EventSource }, address) => {
      const source = new EventSource(address)
      const seen: unknown[] = []
      await new Promise<void>((resolve) => {
        source.onerror = (event) => {
          const { type, bubbles, cancelable, target: to } = event
          const isPlain = event.constructor === Event
          seen.push([type, bubbles, cancelable, to === source, 'data' in event, isPlain])
          if (source.readyState === 2) resolve()
        }
      })
      return seen
    }, url)
    const error = ['error', false, false, true, false, true]
    expect(errors).toEqual([error, error])
  })
}
