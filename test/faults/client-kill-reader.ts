/**
 * A reader that is killed: it writes down each number before its handler returns, and keeps its
 * place in a file. Program: `client-kill-reader.ts URL FOLDER`.
 */
import { appendFileSync } from 'node:fs'
import { createClient } from '@heartline/client'
import { fileStore } from '@heartline/client/node'
import { sleep } from '../kit/wait-for.ts'

const [url = '', folder = ''] = process.argv.slice(2)
const client = createClient<{ message: number }>({ url, store: fileStore(`${folder}/place`) })
client.on('message', async (n) => {
  appendFileSync(`${folder}/seen`, `${n}\n`)
  // Between what the handler did and its end, and before the place is saved, there is time to die.
  await sleep(n % 3)
})
client.on('heartline.gap', () => appendFileSync(`${folder}/gaps`, 'gap\n'))
