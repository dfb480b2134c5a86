import { createClient, type Client } from '@heartline/client'
import { Program } from './program.ts'

const LIMIT_MS = 20_000

type Events = { note: { readonly from: string; readonly text: string } }

/**
 * Runs a server of notes as you would run it, reads it with `@heartline/client`, and ends it.
 *
 * @returns What is wrong; nothing when all is well.
 */
export async function checkNotes(file: string): Promise<string[]> {
  const program = await Program.start(file)
  return checkProgram(program, program.url as string)
}

/** The same for a server that was started, at its address; some hosts end with a code of their own. */
export async function checkProgram(program: Program, url: string, exitCode = 0): Promise<string[]> {
  try {
    const problems = [...(await checkStrangers(url)), ...(await checkReader(url))]
    return [...problems, ...(await checkEnd(program, url, exitCode))]
  } finally {
    program.kill()
  }
}

/** Who has no token gets a real answer, not a stream that ends. */
async function checkStrangers(url: string): Promise<string[]> {
  const stranger = { signal: AbortSignal.timeout(LIMIT_MS) }
  const events = await fetch(`${url}/events`, stranger)
  await events.body?.cancel()
  const headers = { 'content-type': 'application/json' }
  const init = { ...stranger, method: 'POST', headers, body: '{}' }
  const note = await fetch(`${url}/notes/ann`, init)
  await note.body?.cancel()
  return [
    ...(events.status === 401 ? [] : [`a stranger's stream was answered ${events.status}`]),
    ...(note.status === 401 ? [] : [`a stranger's note was answered ${note.status}`]),
  ]
}

async function checkReader(url: string): Promise<string[]> {
  const first: string[] = []
  const ann = read(url, first)
  try {
    await holds(() => ann.state.name === 'open')
    const refused = [await send(url, 'bob', 'a'), await send(url, 'ann', 'hello')].filter(isBad)
    if (refused.length > 0) return [`a note was answered ${refused.join()}`]
    if (!(await holds(() => first.length === 1))) return ['a note did not reach its reader']
  } finally {
    ann.close()
  }
  for (const text of ['while', 'away']) await send(url, 'ann', text)
  const second: string[] = []
  const again = read(url, second, ann.lastEventId)
  await holds(() => second.length >= 2)
  await send(url, 'ann', 'live')
  await holds(() => second.length >= 3)
  again.close()
  const texts = [...first, '|', ...second].join(' ')
  const expected = 'bob: hello | bob: while bob: away bob: live'
  return texts === expected ? [] : [`read '${texts}' instead of '${expected}'`]
}

/** Told to end, it tells its readers when to come back, and is gone with its exit code. */
async function checkEnd(program: Program, url: string, exitCode: number): Promise<string[]> {
  const headers = { authorization: 'Bearer ann-secret' }
  const stream = await fetch(`${url}/events`, { headers, signal: AbortSignal.timeout(LIMIT_MS) })
  const text = stream.text().catch((error: unknown) => `a broken stream (${String(error)})`)
  const begin = performance.now()
  const code = await program.stop()
  const ms = performance.now() - begin
  const farewell = await text
  return [
    ...(farewell.includes('event: heartline.drain') ? [] : [`no farewell, but ${farewell}`]),
    ...(code === exitCode ? [] : [`it ended with ${code}: ${program.output}`]),
    ...(ms < 5_000 ? [] : [`it took ${Math.round(ms)} ms to end`]),
  ]
}

function read(url: string, notes: string[], lastEventId?: string): Client<Events> {
  const client = createClient<Events>({
    url: `${url}/events`,
    headers: { authorization: 'Bearer ann-secret' },
    lastEventId,
  })
  client.on('note', ({ from, text }) => notes.push(`${from}: ${text}`))
  return client
}

async function send(url: string, to: string, text: string): Promise<number> {
  const headers = { authorization: 'Bearer bob-secret', 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: JSON.stringify({ text }) }
  const response = await fetch(`${url}/notes/${to}`, init)
  await response.body?.cancel()
  return response.status
}

function isBad(status: number): boolean {
  return status < 200 || status > 299
}

async function holds(condition: () => boolean): Promise<boolean> {
  const end = Date.now() + LIMIT_MS
  while (!condition() && Date.now() < end) await new Promise((done) => setTimeout(done, 10))
  return condition()
}
