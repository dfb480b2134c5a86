import { expect, it } from 'vitest'
import { createFetchSession, StreamMetrics } from '../src/index.ts'
import { sleep } from './kit/reader.ts'

it('A clean-up that is added after the end runs once, and none runs again', async () => {
  const { session, response } = createFetchSession(new Request('http://localhost/'))
  const calls: string[] = []
  session.onCleanup(() => calls.push('before'))
  session.close()
  session.onCleanup(({ reason }) => calls.push(`after ${reason}`))
  await sleep(5)
  session.onCleanup(() => calls.push('late'))
  await sleep(5)
  expect(calls).toEqual(['before', 'after finished', 'late'])
  await response.text()
})

it('A clean-up that another one takes back is not called', async () => {
  const { session, response } = createFetchSession(new Request('http://localhost/'))
  const calls: string[] = []
  const takeBack = session.onCleanup(() => calls.push('taken back'))
  session.onCleanup(() => calls.push('kept'))
  session.onCleanup(() => {
    takeBack()
    session.onCleanup(() => calls.push('added meanwhile'))
  })
  session.close()
  await sleep(5)
  expect(calls).toEqual(['kept', 'added meanwhile'])
  await response.text()
})

it.each(['because', 'a"b\n', '__proto__', null, 5, new Error('lost')])(
  'A session does not end for a reason that is none: %j',
  async (reason) => {
    const metrics = new StreamMetrics()
    const monitor = metrics.monitor('x')
    const { session, response } = createFetchSession(new Request('http://localhost/'), { monitor })
    const code = expect.objectContaining({ code: 'HL_OPTION_INVALID' })
    expect(() => session.close(reason as never)).toThrow(code)
    expect(() => session.sever(reason as never)).toThrow(code)
    expect(session.isOpen).toBe(true)
    session.close(undefined)
    expect(metrics.counts('x')?.ended).toEqual({ finished: 1 })
    await response.text()
  },
)
