import { describe, expect, it } from 'vitest'
import { forgoEncoding } from '../src/forgo-encoding.ts'

const given = { 'accept-encoding': 'gzip', accept: 'text/event-stream' }

describe('A request that gets a stream', () => {
  it('takes no encoding any more, and everything else as before', () => {
    const request = new Request('http://localhost', { headers: given })
    forgoEncoding(request)
    expect([...request.headers]).toEqual([['accept', 'text/event-stream']])
  })

  it('takes none where headers are told by name', () => {
    const request = { headers: { ...given } }
    forgoEncoding(request)
    expect(request.headers).toEqual({ accept: 'text/event-stream' })
    expect(() => forgoEncoding({})).not.toThrow()
  })

  it('takes none where what a reader has sent cannot be changed', () => {
    // The headers of a response from the network are as immutable as those of a request to Deno.
    const headers = Response.error().headers
    expect(() => headers.delete('accept-encoding')).toThrow(TypeError)
    const request = { headers }
    forgoEncoding(request)
    expect(request.headers).not.toBe(headers)
    expect(request.headers.has('accept-encoding')).toBe(false)
  })
})
