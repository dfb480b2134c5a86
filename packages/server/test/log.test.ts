import { expect, it } from 'vitest'
import { createJsonLogger } from '../src/log.ts'
import { formatPretty } from '../src/log-pretty.ts'

function lineOf(write: (log: ReturnType<typeof createJsonLogger>) => void): string {
  let line = ''
  write(createJsonLogger('debug', { write: (text) => (line += text) }))
  return line
}

it('writes JSON lines with level, time and message', () => {
  const entry = JSON.parse(lineOf((log) => log.info({ status: 200 }, 'Request')))
  expect(entry).toEqual({
    level: 'info',
    time: expect.stringMatching(/Z$/),
    status: 200,
    msg: 'Request',
  })
})

it('writes lines for people', () => {
  const line = lineOf((log) => log.warn({ status: 503, where: { a: 1 } }, 'Busy'))
  expect(formatPretty(line)).toMatch(/^\d\d:\d\d:\d\d warn {2}Busy status=503 where=\{"a":1\}\n$/)
})

it('shows where an error came from', () => {
  const line = lineOf((log) => log.error({ err: new TypeError('no') }, 'Failed'))
  expect(formatPretty(line)).toMatch(/error Failed\nTypeError: no\n {4}at /)
})

it('leaves out what the level does not include', () => {
  let line = ''
  createJsonLogger('warn', { write: (text) => (line += text) }).info({}, 'x')
  expect(line).toBe('')
})
