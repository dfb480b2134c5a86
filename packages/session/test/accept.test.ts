import { describe, expect, it } from 'vitest'
import { acceptsEventStream } from '../src/index.ts'

describe('The header Accept', () => {
  it.each([
    [undefined],
    [null],
    [''],
    ['*/*'],
    ['text/event-stream'],
    ['TEXT/Event-Stream;charset=utf-8'],
    ['text/*;q=0.1'],
    ['application/json, */*;q=0.1'],
    ['text/event-stream;q=0.001, application/json'],
    ['text/event-stream, */*;q=0'],
    ['text/event-stream;q=nonsense'],
  ])('%s takes a stream', (accept) => {
    expect(acceptsEventStream(accept)).toBe(true)
  })

  it.each([
    ['application/json'],
    ['text/html, application/xhtml+xml'],
    ['text/event-stream;q=0'],
    ['text/event-stream; q=0.000, */*'],
    ['text/*;q=0, */*'],
    ['*/*;q=0'],
    ['text/event-streams'],
  ])('%s does not', (accept) => {
    expect(acceptsEventStream(accept)).toBe(false)
  })
})
