import { describe, expect, it } from 'vitest'
import { allowedSeam, limitSeam, testSeams } from '../src/index.ts'

const wanted = process.env['TEST_SEAM'] ?? 'handle'

describe('The self-test of the write seams', () => {
  it('finds that the native handle works on this runtime', async () => {
    const report = await testSeams()
    expect(report).toMatchObject({ seam: 'handle', sheds: true, releases: true, reason: undefined })
    expect(await testSeams()).toBe(report)
    expect(allowedSeam()).toBe(wanted)
  })

  it('lets a limit and a wish choose what is slower, never what is faster', async () => {
    await testSeams()
    limitSeam('handle')
    expect(allowedSeam('response')).toBe('response')
    expect(allowedSeam('socket')).toBe('socket')
    limitSeam('socket')
    expect(allowedSeam('handle')).toBe('socket')
    expect(allowedSeam('response')).toBe('response')
    limitSeam('response')
    expect(allowedSeam()).toBe('response')
  })
})
