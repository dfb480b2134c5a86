import { afterEach, describe, expect, it } from 'vitest'
import { startHub, type HubFixture } from './fixture.ts'

let hub: HubFixture
const aborts: AbortController[] = []
afterEach(async () => {
  for (const abort of aborts.splice(0)) abort.abort()
  await hub?.close()
})

/** The text of a stream up to the first place where all of the words were seen. */
async function readUntil(query: string, words: readonly string[]): Promise<[Response, string]> {
  const abort = new AbortController()
  aborts.push(abort)
  const response = await fetch(`${hub.url}/?${query}`, { signal: abort.signal })
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true })
    if (words.every((word) => text.includes(word))) break
  }
  return [response, text]
}

const toldBefore = (text: string, data: string): string | undefined => {
  const block = text.split('\n\n').find((each) => each.includes(`data: ${data}`))
  return block?.split('\n').find((line) => line.startsWith(':'))
}

describe('a reader that asks for topics', () => {
  it.each([
    ['live', {}],
    ['from what is in memory', {}],
    ['from the broker', { recentBytes: 0 }],
    ['looked at for it alone', { namespaces: [{ topics: '**', historyMaxAgeMs: 3_600_000 }] }],
  ])('is told those that it asked for, %s', async (way, options) => {
    hub = await startHub(options)
    const publish = () => hub.publish('a/1', 'one', { topic: undefined, topics: ['a/1', 'z', 'b'] })
    if (way !== 'live') await publish()
    const reading = readUntil('topic=a/*&topic=b&since=earliest&tell=topics', ['one', 'cursor'])
    if (way === 'live') {
      await expect.poll(() => hub.hub.stats().sessions).toBe(1)
      await publish()
    }
    const [response, text] = await reading
    expect(response.headers.get('heartline-tell')).toBe('topics')
    expect(toldBefore(text, 'one')).toBe(': heartline topics=["a/1","b"]')
  })

  it('is told those of the present values', async () => {
    hub = await startHub({ namespaces: [{ topics: '**', history: 'latest' }] })
    await hub.publish('price/a', 'one', { key: 'k' })
    const [, text] = await readUntil('topic=price/*&tell=topics', ['one', 'cursor'])
    expect(toldBefore(text, 'one')).toBe(': heartline topics=["price/a"]')
  })

  it('shares nothing with one that does not', async () => {
    hub = await startHub()
    const plain = readUntil('topic=a', ['one'])
    const told = readUntil('topic=a&tell=topics', ['one'])
    await expect.poll(() => hub.hub.stats().sessions).toBe(2)
    await hub.publish('a', 'one')
    const [response, text] = await plain
    expect(response.headers.get('heartline-tell')).toBeNull()
    expect(toldBefore(text, 'one')).toBeUndefined()
    expect(toldBefore((await told)[1], 'one')).toBe(': heartline topics=["a"]')
  })

  it('is refused when it asks for something else', async () => {
    hub = await startHub()
    const response = await fetch(`${hub.url}/?topic=a&tell=everything`)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'HL_TELL_INVALID' })
  })
})
