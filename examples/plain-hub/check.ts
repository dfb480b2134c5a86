import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@heartline/client'
import { fileStore } from '@heartline/client/node'
import { memoryOutbox } from '@heartline/client/outbox'
import { freePort, Hub } from './hub.ts'

const LIMIT_MS = 60_000

/**
 * Reads orders while the hub crashes, and by a reader that was away.
 *
 * @returns What is wrong; nothing when all is well.
 */
export async function checkHub(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'heartline-plain-hub-'))
  const hub = new Hub(await freePort(), join(folder, 'log'))
  try {
    await hub.start()
    return [...(await checkOrders(hub, join(folder, 'place'))), ...(await checkEnd(hub))]
  } finally {
    await hub.crash()
    await rm(folder, { recursive: true, force: true })
  }
}

async function checkOrders(hub: Hub, place: string): Promise<string[]> {
  const store = fileStore(place)
  const url = `${hub.url}/v1/events?topic=orders/*`
  const outbox = memoryOutbox()
  const client = createClient<{ paid: { order: number } }>({ url, store, outbox })
  const seen: number[] = []
  client.on('paid', ({ order }) => void seen.push(order))
  const publish = async (order: number): Promise<unknown> =>
    client.publish({ topic: `orders/${order}`, type: 'paid', data: { order } })
  await holds(() => client.state.name === 'open')
  for (const order of [1, 2]) await publish(order)
  await holds(() => seen.length === 2)
  await hub.crash()
  const late = publish(3) // It waits for the hub, and is stored once.
  await hub.start()
  await late
  await holds(() => seen.length === 3)
  client.close()

  const publisher = createClient({ url, outbox })
  await publisher.publish({ topic: 'orders/4', type: 'paid', data: { order: 4 } })
  publisher.close()
  const again = createClient<{ paid: { order: number } }>({ url, store })
  again.on('paid', ({ order }) => void seen.push(order))
  await holds(() => seen.length === 4)
  again.close()
  return seen.join() === '1,2,3,4' ? [] : [`read the orders ${seen.join()} instead of 1,2,3,4`]
}

async function checkEnd(hub: Hub): Promise<string[]> {
  const code = await hub.stop()
  return code === 0 ? [] : [`it ended with ${code}`]
}

async function holds(condition: () => boolean): Promise<boolean> {
  const end = Date.now() + LIMIT_MS
  while (!condition() && Date.now() < end) await new Promise((done) => setTimeout(done, 10))
  return condition()
}
