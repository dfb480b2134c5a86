import { createMemoryBroker } from '@heartline/broker'
import { subscribe } from '@heartline/graphql/client'
import { PriceApi } from './api.ts'

const LIMIT_MS = 20_000

async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { method: 'POST', ...init })
}

async function setPrice(url: string, price: number): Promise<void> {
  const query = `mutation { setPrice(symbol: "ACME", price: ${price}) }`
  const headers = { 'content-type': 'application/json' }
  const response = await ask(url, { headers, body: JSON.stringify({ query }) })
  if (!response.ok) throw new Error(`setPrice was answered ${response.status}`)
}

/**
 * Reads prices across a cut, and runs an operation on a shared stream of another process.
 *
 * @returns What is wrong; nothing when all is well.
 */
export async function checkApi(): Promise<string[]> {
  const broker = createMemoryBroker()
  const [first, second] = [await PriceApi.start(broker), await PriceApi.start(broker)]
  try {
    return [...(await checkResume(first)), ...(await checkShared(first, second))]
  } finally {
    await Promise.all([first.stop(), second.stop()])
    await broker.close()
  }
}

async function checkResume(api: PriceApi): Promise<string[]> {
  const query = 'subscription { price(symbol: "ACME") }'
  const prices: number[] = []
  const results = subscribe<{ price: number }>({ url: api.url, query })
  const timer = setTimeout(() => void results.return?.(), LIMIT_MS)
  const first = results.next()
  // The stream is open when the server holds it: what is set before that was never asked for.
  while (api.handler.stats.streams === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  await setPrice(api.url, 1)
  prices.push((await first).value?.data?.price ?? Number.NaN)
  api.cut()
  // While nobody reads.
  for (const price of [2, 3, 4]) await setPrice(api.url, price)
  for await (const { data } of results) {
    prices.push(data?.price ?? Number.NaN)
    if (prices.length === 4) break
  }
  clearTimeout(timer)
  const isRight = prices.join() === '1,2,3,4'
  return isRight ? [] : [`after a cut, the prices were ${prices.join()} instead of 1,2,3,4`]
}

/** The stream is in one process, the operation comes to the other. */
async function checkShared(first: PriceApi, second: PriceApi): Promise<string[]> {
  const token = await (await ask(first.url, { method: 'PUT' })).text()
  const headers = { 'x-graphql-event-stream-token': token, 'content-type': 'application/json' }
  const init = { method: 'GET', headers: { ...headers, accept: 'text/event-stream' } }
  const stream = await ask(second.url, init)
  const body = JSON.stringify({ query: '{ hello }', extensions: { operationId: '1' } })
  const accepted = await ask(first.url, { headers, body })
  if (accepted.status !== 202) return [`the operation was answered ${accepted.status}`]
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true })
    if (text.includes('event: complete')) break
  }
  const expected = 'data: {"id":"1","payload":{"data":{"hello":"Hello"}}}'
  return text.includes(expected) ? [] : ['the result did not come over the shared stream']
}
