/**
 * Publishes at full speed until it is killed, and tells its parent every acknowledged append:
 *
 *     node --import tsx kill-child.ts <directory> [max entries] [first number] [reserve]
 */
import type { Position } from '@heartline/broker'
import { HeartlineError } from '@heartline/wire'
import { openDiskBroker } from '../src/index.ts'
import { eventData, PUBLISHERS, publishIdOf, topicOf } from './kill-event.ts'

const [directory = '', maxEntries = '1000000', start = '0', reserve = '0'] = process.argv.slice(2)
const broker = await openDiskBroker({
  directory,
  maxEntries: Number(maxEntries),
  reserveBytes: Number(reserve),
})
let isFull = false

async function publish(publisher: number): Promise<void> {
  for (let number = Number(start); ; number++) {
    const { offset, ms } = await append(publisher, number)
    // Synchronous for a pipe: the parent knows what this process was told.
    process.stdout.write(`${publisher} ${number} ${offset} ${ms}\n`)
  }
}

/** Repeats an append that a full disk refused, as a publisher does. */
async function append(publisher: number, number: number): Promise<Position> {
  const event = {
    topics: [topicOf(publisher)],
    data: eventData(publisher, number),
    publishId: publishIdOf(publisher, number),
  }
  for (;;) {
    try {
      const [result] = await broker.append([event])
      return result?.position ?? { ms: 0, offset: 0 }
    } catch (error) {
      if (!(error instanceof HeartlineError) || !error.retryable) throw error
      if (!isFull) process.stdout.write('full\n')
      isFull = true
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

process.stdout.write('ready\n')
await Promise.all(Array.from({ length: PUBLISHERS }, (_, publisher) => publish(publisher)))
