import { Buffer } from 'node:buffer'
import { FOREIGN, HeadReader, MORE } from '../../src/door/head-reader.ts'
import { createEchoServer, EchoRoutes, listen, putDoor } from './echo-servers.ts'
import { RequestMaker, seeded } from './request-maker.ts'
import { Talker } from './talker.ts'

const MAX_HEAD_BYTES = 8192

export interface TranscriptOutcome {
  readonly answers: number
  readonly published: number
  readonly handedOver: number
}

/**
 * Says the same to a plain server of node:http and to one behind the door, over real connections
 * and in random pieces, and checks that it hears the same. Throws at the first difference.
 */
export async function compareTranscripts(
  connections: number,
  seed: number,
): Promise<TranscriptOutcome> {
  const plain = createEchoServer()
  const guarded = createEchoServer()
  const routes = new EchoRoutes()
  const door = putDoor(guarded, routes)
  const ports = { plain: await listen(plain), guarded: await listen(guarded) }
  const random = seeded(seed)
  let answers = 0
  try {
    for (let index = 0; index < connections; index++) {
      const maker = new RequestMaker(random)
      const length = 1 + Math.floor(random() * 5)
      const requests = Array.from({ length }, () => withoutRest(maker.next()))
      answers += await compareOne(requests, maker, ports, `seed ${seed}, connection ${index}`)
    }
  } finally {
    door.close()
    plain.closeAllConnections()
    guarded.closeAllConnections()
    plain.close()
    guarded.close()
  }
  return { answers, published: routes.published, handedOver: routes.handed }
}

/**
 * Node drops the answer to a good request when a bad one follows in the same read; the door gives
 * it. So nothing follows here.
 */
function withoutRest(bytes: Buffer): Buffer {
  const request = new HeadReader(MAX_HEAD_BYTES).read(bytes, 0)
  if (request === MORE || request === FOREIGN) return bytes
  return bytes.subarray(0, request.headEnd + request.bodyBytes)
}

async function compareOne(
  requests: readonly Buffer[],
  maker: RequestMaker,
  ports: { readonly plain: number; readonly guarded: number },
  where: string,
): Promise<number> {
  const plain = await Talker.to(ports.plain)
  const guarded = await Talker.to(ports.guarded)
  try {
    return await converse(requests, maker, { plain, guarded }, where)
  } finally {
    plain.socket.destroy()
    guarded.socket.destroy()
  }
}

async function converse(
  requests: readonly Buffer[],
  maker: RequestMaker,
  { plain, guarded }: { readonly plain: Talker; readonly guarded: Talker },
  where: string,
): Promise<number> {
  let answers = 0
  for (const request of requests) {
    const isHead = request.subarray(0, 5).equals(Buffer.from('HEAD '))
    await plain.send(maker.split(request))
    const expected = await plain.answer(isHead, false)
    await guarded.send(maker.split(request))
    // Node waits for more: so must the door, and nothing more can be compared.
    if (expected === undefined) return answers
    const heard = await guarded.answer(isHead, true)
    if (heard !== expected) {
      throw new Error(`${where}: ${JSON.stringify({ request: String(request), expected, heard })}`)
    }
    answers++
    if (plain.isClosed || expected === '' || /connection: close/i.test(expected)) return answers
  }
  return answers
}
