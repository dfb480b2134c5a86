import { HeartlineError } from '@heartline/wire'
import { afterEach, expect, it } from 'vitest'
import { hubErrors } from '@heartline/hub'
import { Channel, type Answers } from '../../src/workers/channel.ts'

interface Sums {
  readonly add: { readonly ask: readonly number[]; readonly answer: number }
  readonly hang: { readonly ask: null; readonly answer: null }
  readonly refuse: { readonly ask: null; readonly answer: null }
  readonly crash: { readonly ask: null; readonly answer: null }
}

type End = Channel<Sums, Sums>

const answers: Answers<Sums> = {
  add: (numbers) => numbers.reduce((sum, number) => sum + number, 0),
  hang: () => new Promise(() => {}),
  refuse: () => {
    throw new HeartlineError(hubErrors.sessionsFull, { max: 7 })
  },
  crash: () => {
    throw new RangeError('inside')
  },
}

const open: End[] = []
afterEach(() => open.splice(0).forEach((end) => end.close()))

/** Two ends and the messages between them, in JSON as between processes. */
function pair(): { readonly end: End; readonly messages: string[] } {
  const messages: string[] = []
  const other: End = new Channel<Sums, Sums>((letters) => deliver(end, letters), answers)
  const end: End = new Channel<Sums, Sums>((letters) => {
    messages.push(JSON.stringify(letters))
    deliver(other, letters)
  }, answers)
  open.push(end, other)
  return { end, messages }
}

function deliver(end: End, letters: readonly unknown[]): void {
  const text = JSON.stringify(letters)
  setImmediate(() => end.receive(JSON.parse(text)))
}

it('answers many questions of one turn with one message', async () => {
  const { end, messages } = pair()
  const sums = Array.from({ length: 100 }, (_, n) => end.ask('add', [n, 1]))
  expect(await Promise.all(sums)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1))
  expect(messages).toHaveLength(1)
})

it('carries errors with their code, status and details', async () => {
  const { end } = pair()
  const error = (await end.ask('refuse', null).catch((reason: unknown) => reason)) as HeartlineError
  expect(error).toBeInstanceOf(HeartlineError)
  expect(error).toMatchObject({ code: 'HL_SESSIONS_FULL', status: 503, details: { max: 7 } })
  expect(error.message).toContain('7 open sessions')
  await expect(end.ask('crash', null)).rejects.toMatchObject({ code: 'HL_INTERNAL' })
})

it('says that the other side is silent after the limit', async () => {
  const { end } = pair()
  await expect(end.ask('hang', null, 20)).rejects.toMatchObject({ code: 'HL_WORKER_SILENT' })
  expect(await end.ask('add', [1, 1])).toBe(2)
})

it('says the same for all that waits when the other side is gone', async () => {
  const { end } = pair()
  const waiting = end.ask('hang', null, 0)
  end.close()
  await expect(waiting).rejects.toMatchObject({ code: 'HL_WORKER_SILENT' })
  await expect(end.ask('add', [1])).rejects.toMatchObject({ code: 'HL_WORKER_SILENT' })
})

it('takes nothing for a message that is none', () => {
  const { end } = pair()
  for (const message of [undefined, null, 'text', { answer: 1 }]) end.receive(message)
})
