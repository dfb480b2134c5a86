import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { stream } from '@heartline/session'
import { Answer, type Model } from './answer.ts'

/** Answers with tokens: `POST /answers` asks, `GET /answers/<id>` reads. */
export function createAnswerServer(
  model: Model,
  answers: Map<string, Answer>,
  lingerMs?: number,
): Server {
  return createServer((request, response) => {
    if (request.method === 'POST') {
      const id = randomUUID()
      const prompt = new URL(request.url ?? '/', 'http://localhost').searchParams.get('prompt')
      answers.set(id, new Answer(model, prompt ?? '', lingerMs))
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ id }))
      return
    }
    const answer = answers.get(request.url?.replace('/answers/', '') ?? '')
    if (answer === undefined) response.writeHead(404).end()
    else read(answer, request, response)
  })
}

function read(answer: Answer, request: IncomingMessage, response: ServerResponse): void {
  const after = Number(request.headers['last-event-id'] ?? 0)
  if (answer.state !== 'writing' && after >= answer.length) {
    // Nothing more comes: an EventSource does not ask again.
    response.writeHead(204).end()
    return
  }
  const open = stream(
    request,
    response,
    async (session, signal) => {
      await session.stream(answer.read(after, signal))
    },
    { closeWhenDone: true },
  )
  open.catch(() => response.destroy())
}
