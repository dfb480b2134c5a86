import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient, type Client } from '@heartline/client'
import type { Answer } from './answer.ts'
import { fakeModel } from './fake-model.ts'
import { createAnswerServer } from './server.ts'

const LIMIT_MS = 20_000

type Events = { token: string; done: string; cancelled: string }

/**
 * Reads an answer across a cut, and leaves another one.
 *
 * @returns What is wrong; nothing when all is well.
 */
export async function checkAnswers(): Promise<string[]> {
  return [...(await withServer(checkCut)), ...(await withServer(checkLeaving, 100))]
}

type Check = (server: Server, answers: Map<string, Answer>) => Promise<string[]>

async function withServer(check: Check, lingerMs?: number): Promise<string[]> {
  const answers = new Map<string, Answer>()
  const server = createAnswerServer(fakeModel, answers, lingerMs).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await check(server, answers)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

async function checkCut(server: Server, answers: Map<string, Answer>): Promise<string[]> {
  const id = await ask(server)
  let text = ''
  let end = ''
  const client = read(server, id, (token) => (text += token))
  client.on('done', () => void (end = 'done'))
  await holds(() => text.includes(' 5'))
  server.closeAllConnections()
  await holds(() => end !== '')
  client.close()
  const expected = `Count:${Array.from({ length: 60 }, (_, n) => ` ${n + 1}`).join('')}`
  const length = String(answers.get(id)?.length)
  const again = await fetch(urlOf(server, id), { headers: { 'last-event-id': length } })
  return [
    ...(text === expected ? [] : [`read '${text}' across a cut`]),
    ...(end === 'done' ? [] : ['the end was not said']),
    ...(again.status === 204 ? [] : [`asked behind the end, it answered ${again.status}`]),
  ]
}

/** A model that nobody reads any more is stopped. */
async function checkLeaving(server: Server, answers: Map<string, Answer>): Promise<string[]> {
  const id = await ask(server)
  let tokens = 0
  const client = read(server, id, () => tokens++)
  await holds(() => tokens >= 3)
  client.close()
  const answer = answers.get(id)
  await holds(() => answer?.state !== 'writing')
  return answer?.state === 'cancelled' ? [] : [`without a reader it is ${answer?.state}`]
}

async function ask(server: Server): Promise<string> {
  const response = await fetch(`${urlOf(server, '?prompt=Count')}`, { method: 'POST' })
  return ((await response.json()) as { id: string }).id
}

function read(server: Server, id: string, onToken: (token: string) => unknown): Client<Events> {
  const client = createClient<Events>({ url: urlOf(server, id), decode: 'text' })
  client.on('token', (token) => void onToken(token))
  return client
}

function urlOf(server: Server, id: string): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/answers/${id}`
}

async function holds(condition: () => boolean): Promise<boolean> {
  const end = Date.now() + LIMIT_MS
  while (!condition() && Date.now() < end) await new Promise((done) => setTimeout(done, 10))
  return condition()
}
