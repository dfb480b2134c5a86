import { Buffer } from 'node:buffer'
import { expect, it } from 'vitest'
import { DoorRequest } from '../../src/door/door-request.ts'
import { HeadReader } from '../../src/door/head-reader.ts'
import { compare } from './compare.ts'

it('means the same as node:http by every request that it takes', async () => {
  const { accepted } = await compare(20_000, 1)
  expect(accepted).toBeGreaterThan(4_000)
})

const GET = 'GET /v1/events?topic=a HTTP/1.1\r\n'
const POST = 'POST /v1/events HTTP/1.1\r\n'
const HOST = 'Host: h\r\n'

function read(text: string, maxBytes = 8192): unknown {
  const reading = new HeadReader(maxBytes).read(Buffer.from(text, 'latin1'), 0)
  return reading instanceof DoorRequest ? 'taken' : reading
}

it.each([
  [`${GET}${HOST}\r\n`],
  [`${GET}host:h\r\nAccept:\t text/event-stream \t\r\n\r\n`],
  [`${GET}${HOST}Connection: Keep-Alive\r\nX-Empty:\r\n\r\n`],
  [`${POST}${HOST}Content-Length: 65536\r\n\r\n`],
  [`${POST}Content-Length: 0\r\n${HOST}\r\nGET`],
])('takes %j', (text) => {
  expect(read(text)).toBe('taken')
})

it.each([
  ['another path', `GET /v1/event HTTP/1.1\r\n${HOST}\r\n`],
  ['no query', `GET /v1/events HTTP/1.1\r\n${HOST}\r\n`],
  ['a query of a publish', `POST /v1/events?a HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n{}`],
  ['a fragment', `GET /v1/events?topic=a#b HTTP/1.1\r\n${HOST}\r\n`],
  ['two spaces', `GET  /v1/events?topic=a HTTP/1.1\r\n${HOST}\r\n`],
  ['another version', `GET /v1/events?topic=a HTTP/1.0\r\n${HOST}\r\n`],
  ['a bare LF', `${GET}Host: h\n\r\n`],
  ['a bare CR', `${GET}Host: h\r\r\n\r\n`],
  ['a folded line', `${GET}${HOST}Accept: a\r\n b\r\n\r\n`],
  ['a space before the colon', `${GET}Host : h\r\n\r\n`],
  ['a NUL', `${GET}${HOST}Accept: \u0000\r\n\r\n`],
  ['a byte beyond ASCII', `${GET}${HOST}Accept: \u00e4\r\n\r\n`],
  ['no host', `${GET}\r\n`],
  ['an empty host', `${GET}Host:\r\n\r\n`],
  ['two hosts', `${GET}${HOST}${HOST}\r\n`],
  ['a header twice', `${GET}${HOST}Origin: a\r\nORIGIN: b\r\n\r\n`],
  ['an upgrade', `${GET}${HOST}Upgrade: h2c\r\n\r\n`],
  ['an end of the connection', `${GET}${HOST}Connection: close\r\n\r\n`],
  ['an expectation', `${POST}${HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`],
  ['chunks', `${POST}${HOST}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}`],
  ['a body of a stream', `${GET}${HOST}Content-Length: 0\r\n\r\n`],
  ['a publish of unknown length', `${POST}${HOST}\r\n`],
  ['a length of two numbers', `${POST}${HOST}Content-Length: 2, 2\r\n\r\n{}`],
  ['a length with a sign', `${POST}${HOST}Content-Length: +2\r\n\r\n{}`],
  ['a large body', `${POST}${HOST}Content-Length: 65537\r\n\r\n`],
  ['many headers', `${GET}${HOST}${'X: y\r\n'.repeat(65)}\r\n`],
  ['a long head', `${GET}${HOST}X: ${'y'.repeat(8192)}\r\n\r\n`],
  ['a long part of a head', `GET /v1/events?${'y'.repeat(8192)}`],
])('leaves %s to node:http', (_, text) => {
  expect(read(text)).toBe('foreign')
})
