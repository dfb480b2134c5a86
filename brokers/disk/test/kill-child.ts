/**
 * Publishes at full speed until it is killed, and tells its parent every acknowledged append:
 *
 *     node --import tsx kill-child.ts <directory> <max entries>
 */
import { openDiskBroker } from '../src/index.ts'
import { eventData, PUBLISHERS, publishIdOf, topicOf } from './kill-event.ts'

const [directory = '', maxEntries = '1000000', start = '0'] = process.argv.slice(2)
const broker = await openDiskBroker({ directory, maxEntries: Number(maxEntries) })

async function publish(publisher: number): Promise<void> {
  for (let number = Number(start); ; number++) {
    const [result] = await broker.append([
      {
        topics: [topicOf(publisher)],
        data: eventData(publisher, number),
        publishId: publishIdOf(publisher, number),
      },
    ])
    const { offset = 0, ms = 0 } = result?.position ?? {}
    // Synchronous for a pipe: the parent knows what this process was told.
    process.stdout.write(`${publisher} ${number} ${offset} ${ms}\n`)
  }
}

process.stdout.write('ready\n')
await Promise.all(Array.from({ length: PUBLISHERS }, (_, publisher) => publish(publisher)))
