// Reads and publishes with the installed client. The test cuts its connection when it says `cut`.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createClient, EventSource } from '@heartline/client'
import { fileOutbox, fileStore } from '@heartline/client/node'

const [, , url, topic, folder] = process.argv
const TIMEOUT_MS = 30_000
const stream = `${url}/v1/events?topic=${topic}&since=earliest`
mkdirSync(folder, { recursive: true })
const store = fileStore(join(folder, 'place'))
const outbox = fileOutbox(join(folder, 'outbox'))

const range = (first, last) => Array.from({ length: last - first + 1 }, (_, n) => first + n)
const events = (first, last) => range(first, last).map((data) => ({ topic, type: 'number', data }))

async function until(condition, what) {
  const deadline = Date.now() + TIMEOUT_MS
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`Waited in vain until ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const handled = []
const heard = []
let opens = 0
let heartbeats = 0

const first = createClient({ url: stream, store, outbox })
first.on('number', (n) => handled.push(n))
first.onState(({ name }) => name === 'open' && opens++)
first.onHeartbeat(() => heartbeats++)
const source = new EventSource(stream)
source.addEventListener('number', ({ data }) => heard.push(Number(data)))

const bothHave = (count) =>
  until(
    () => handled.length >= count && heard.length >= count,
    () => `both have ${count}: ${handled.join()} and ${heard.join()}`,
  )

await first.publish(events(1, 10))
await bothHave(10)
await until(
  () => heartbeats > 0,
  () => 'a heartbeat came',
)
console.log('cut')
await bothHave(20)
await first.publish(events(21, 25))
await bothHave(25)
await first.publish([])
await until(
  () => first.lastEventId !== '',
  () => 'there is a place',
)
// Another client goes on where the file says.
await new Promise((resolve) => setTimeout(resolve, 200))
first.close()
source.close()

const second = createClient({ url: stream, store, outbox })
const looped = []
const published = second.publish(events(26, 30))
const reading = (async () => {
  for await (const { data } of second) {
    looped.push(data)
    if (looped.length < 5) continue
    // Leaving the loop closes the client, and an event may be here before the answer to its publish.
    await published
    break
  }
})()
await reading
console.log(JSON.stringify({ handled, heard, looped, opens }))
// Nothing keeps the process alive now: it ends by itself.
