import { Buffer } from 'node:buffer'
import type { DoorRequest } from '../../src/door/door-request.ts'
import { FOREIGN, HeadReader, MORE } from '../../src/door/head-reader.ts'
import { FIELD_INDEX } from '../../src/door/head-field.ts'
import type { RequestHeader } from '../../src/http/request-view.ts'
import { NodeReader, type NodeReading } from './node-reading.ts'
import { RequestMaker, seeded } from './request-maker.ts'

const MAX_HEAD_BYTES = 8192
const SENTINEL = Buffer.from('GET /sentinel HTTP/1.1\r\nHost: s\r\n\r\n')
const NAMES = Object.keys(FIELD_INDEX) as RequestHeader[]

export interface Outcome {
  readonly inputs: number
  readonly accepted: number
}

/**
 * Makes `count` requests, and checks that node:http understands each one that the door takes in the
 * same way: method, target, headers, body and where the next request begins. Throws with the bytes
 * of the first that differs.
 */
export async function compare(count: number, seed: number): Promise<Outcome> {
  const random = seeded(seed)
  const maker = new RequestMaker(random)
  const door = new HeadReader(MAX_HEAD_BYTES)
  const node = new NodeReader(2 * MAX_HEAD_BYTES)
  let accepted = 0
  for (let index = 0; index < count; index++) {
    const bytes = maker.next()
    const request = door.read(bytes, 0)
    if (request === MORE || request === FOREIGN) continue
    const end = request.headEnd + request.bodyBytes
    if (end > bytes.length) continue
    accepted++
    checkPrefix(door, bytes, Math.floor(random() * request.headEnd))
    const [first, second] = await node.read(Buffer.concat([bytes.subarray(0, end), SENTINEL]))
    const problem = difference(request, bytes, first) ?? sentinelProblem(second)
    if (problem !== undefined) {
      throw new Error(`seed ${seed}, input ${index}: ${problem}: ${JSON.stringify(String(bytes))}`)
    }
  }
  return { inputs: count, accepted }
}

/** Half a head is waited for: it is never taken for a whole one. */
function checkPrefix(door: HeadReader, bytes: Buffer, length: number): void {
  if (length === 0) return
  const reading = door.read(bytes.subarray(0, length), 0)
  if (reading !== MORE) throw new Error(`a part of a request was not waited for: ${String(bytes)}`)
}

function difference(
  request: DoorRequest,
  bytes: Buffer,
  node: NodeReading | undefined,
): string | undefined {
  if (node === undefined) return 'node:http refuses it'
  if (node.method !== request.method) return `node:http reads the method ${node.method}`
  const mark = node.url.indexOf('?')
  const path = mark < 0 ? node.url : node.url.slice(0, mark)
  if (path !== request.path) return `node:http reads the path ${path}`
  const query = new URLSearchParams(mark < 0 ? '' : node.url.slice(mark + 1))
  if (String(query) !== String(request.query)) return `node:http reads the query ${query}`
  for (const name of NAMES) {
    const theirs = node.headers[name]
    const ours = request.values[FIELD_INDEX[name]]
    if (theirs !== ours) return `node:http reads ${name}: ${String(theirs)}, the door ${ours}`
  }
  const body = bytes.subarray(request.headEnd, request.headEnd + request.bodyBytes)
  return body.equals(node.body) ? undefined : `node:http reads the body ${String(node.body)}`
}

function sentinelProblem(node: NodeReading | undefined): string | undefined {
  return node?.url === '/sentinel' ? undefined : 'node:http sees its end somewhere else'
}
