import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { LineSplitter } from '../../src/http/line-splitter.ts'
import type { HeartlineServer } from '../../src/server.ts'
import { bearer, call, eventually, start, startGuarded, type Answer } from '../kit.ts'

function send(
  server: HeartlineServer,
  body: string | Buffer,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return call(server, '/v1/events', {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', ...headers },
    body: body as BodyInit,
  })
}

const line = (data: unknown): string => `{"topic":"a","data":${JSON.stringify(data)}}\n`

async function stored(server: HeartlineServer): Promise<string[]> {
  const { events } = await server.hub.history({ selectors: ['**'], limit: 1000 })
  return events.map((event) => event.data)
}

describe('NDJSON', () => {
  it('stores every line in order', async () => {
    const server = await start()
    const body = Array.from({ length: 500 }, (_, index) => line(index)).join('')
    const answer = await send(server, body)
    expect(answer.status).toBe(201)
    expect(answer.json.results).toHaveLength(500)
    expect(await stored(server)).toEqual(Array.from({ length: 500 }, (_, index) => String(index)))
  })

  it('takes CRLF, blank lines, a last line without its end, and an empty body', async () => {
    const server = await start()
    const answer = await send(server, `${line('one').trim()}\r\n\r\n\n  \n${line('two').trim()}`)
    expect(answer.json.results).toHaveLength(2)
    expect(await stored(server)).toEqual(['one', 'two'])
    const empty = await send(server, '')
    expect([empty.status, empty.json]).toEqual([200, { results: [] }])
  })

  it.each(['application/jsonl', 'application/x-ndjson; charset=utf-8'])(
    'is also called %s',
    async (type) => {
      const server = await start()
      expect((await send(server, line(1), { 'content-type': type })).status).toBe(201)
    },
  )

  it.each([
    ['broken JSON', '{"topic":\n', 400, 'HL_JSON_INVALID'],
    ['an unknown field', '{"topic":"a","data":1,"x":1}\n', 400, 'HL_EVENT_FIELD_UNKNOWN'],
    ['a bad topic', '{"topic":"*","data":1}\n', 400, 'HL_TOPIC_INVALID'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22, 0x0a]), 400, 'HL_UTF8_INVALID'],
    ['a line that is too long', line('x'.repeat(2000)), 413, 'HL_LINE_TOO_LONG'],
    ['an endless line', '"'.padEnd(300_000, 'x'), 413, 'HL_LINE_TOO_LONG'],
  ])(
    'stores what comes before %s, nothing after it, and names its line',
    async (_, bad, status, code) => {
      const server = await start({ limits: { maxNdjsonLineBytes: 1500 } })
      const body = Buffer.concat([
        Buffer.from(`${line('one')}\n${line('two')}`),
        Buffer.from(bad),
        Buffer.from(line('four')),
      ])
      const answer = await send(server, body)
      expect(answer.status).toBe(status)
      expect(answer.json.error).toMatchObject({ code, status, line: 4 })
      expect(answer.json.results).toHaveLength(2)
      expect(await stored(server)).toEqual(['one', 'two'])
    },
  )

  it('stops at the first line that the token does not cover', async () => {
    const server = await startGuarded()
    const headers = await bearer({ publish: ['a'] })
    const answer = await send(server, `${line(1)}{"topic":"b","data":2}\n${line(3)}`, headers)
    expect(answer.status).toBe(403)
    expect(answer.json.error).toMatchObject({ code: 'HL_PUBLISH_FORBIDDEN', line: 2 })
    expect(await stored(server)).toEqual(['1'])
  })

  it('is bounded in lines', async () => {
    const server = await start({ limits: { maxNdjsonEvents: 3 } })
    const answer = await send(server, line(1).repeat(5))
    expect(answer.json).toMatchObject({
      results: [{}, {}, {}],
      error: { code: 'HL_TOO_MANY_EVENTS', line: 4 },
    })
  })

  it('takes no idempotency key for all lines, but one in each', async () => {
    const server = await start()
    const refused = await send(server, line(1), { 'idempotency-key': 'x' })
    expect(refused.json.code).toBe('HL_IDEMPOTENCY_KEY')
    const own = '{"topic":"a","data":1,"publishId":"k"}\n'
    const twice = await send(server, own + own)
    expect(twice.json.results.map((it: { duplicate: boolean }) => it.duplicate)).toEqual([
      false,
      true,
    ])
    expect((await send(server, own)).status).toBe(200)
  })

  it('publishes lines while more are to come', async () => {
    const server = await start()
    const client = request(`${server.url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
    })
    const answered = new Promise<string>((resolve) => {
      client.on('response', (response) => {
        let text = ''
        response.on('data', (chunk) => (text += chunk)).on('end', () => resolve(text))
      })
    })
    client.write(line('one') + line('two').slice(0, 10))
    await eventually(async () => (await stored(server)).length === 1)
    client.write(line('two').slice(10))
    await eventually(async () => (await stored(server)).length === 2)
    client.end()
    expect(JSON.parse(await answered).results).toHaveLength(2)
  })

  it('answers at once when a line is refused, though the body has not ended', async () => {
    const server = await startGuarded()
    const headers = {
      ...(await bearer({ publish: ['a'] })),
      'content-type': 'application/x-ndjson',
    }
    const startedAt = Date.now()
    const answer = await new Promise<string>((resolve) => {
      const client = request(`${server.url}/v1/events`, { method: 'POST', headers })
      client.on('error', () => {})
      client.on('response', (response) => {
        let text = ''
        response.on('data', (chunk) => (text += chunk)).on('end', () => resolve(text))
      })
      client.write(`${line(1)}{"topic":"b","data":2}\n`)
    })
    expect(JSON.parse(answer)).toMatchObject({ results: [{}], error: { line: 2 } })
    expect(Date.now() - startedAt).toBeLessThan(10_000)
  })

  it('reports the lines that were stored when the next one does not come', async () => {
    const server = await start({ limits: { bodyTimeoutMs: 300 } })
    const client = request(`${server.url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
    })
    client.on('error', () => {})
    const answered = new Promise<{ status: number | undefined; text: string }>((resolve) => {
      client.on('response', (response) => {
        let text = ''
        response
          .on('data', (chunk) => (text += chunk))
          .on('end', () => resolve({ status: response.statusCode, text }))
      })
    })
    client.write(line('one'))
    const { status, text } = await answered
    expect(status).toBe(408)
    expect(JSON.parse(text)).toMatchObject({
      results: [{}],
      error: { code: 'HL_BODY_TIMEOUT', line: 2 },
    })
    client.destroy()
  })
})

describe('LineSplitter', () => {
  it('finds the same lines however the bytes are cut', () => {
    const text = Buffer.from('one\ntwo\r\n\nthree µ\nlast')
    for (let size = 1; size <= text.length; size++) {
      const splitter = new LineSplitter(100)
      const lines = []
      for (let at = 0; at < text.length; at += size)
        lines.push(...splitter.add(text.subarray(at, at + size)))
      lines.push(...splitter.end())
      expect(lines.map(String)).toEqual(['one', 'two\r', '', 'three µ', 'last'])
    }
  })
})
