import type { RequestHeader } from '../http/request-view.ts'
import { NAME_BYTE } from './head-bytes.ts'

/** A header whose value matters. The others only have to be well-formed. */
export interface HeadField {
  readonly name: string
  /** Place of its value in a `DoorRequest`. */
  readonly index: number
  /** It changes how the connection is read: taken as it stands, without cutting spaces off. */
  readonly isFraming: boolean
}

/** What routes may ask for. Their values are kept. */
const KEPT: Readonly<Record<RequestHeader, true>> = {
  accept: true,
  authorization: true,
  'content-encoding': true,
  'content-type': true,
  'heartline-client': true,
  host: true,
  'idempotency-key': true,
  'last-event-id': true,
  origin: true,
}

/** Looked at by the head reader itself. */
const FRAMING = [
  'connection',
  'content-length',
  'expect',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
] as const

const NAMES = [...(Object.keys(KEPT) as RequestHeader[]), ...FRAMING]
const FIELDS: readonly HeadField[] = NAMES.map((name, index) => ({
  name,
  index,
  isFraming: (FRAMING as readonly string[]).includes(name),
}))

/** How many places the values of a request need. */
export const FIELD_COUNT: number = FIELDS.length

/** Where the value of a header is kept. */
export const FIELD_INDEX: Readonly<Record<RequestHeader | (typeof FRAMING)[number], number>> =
  Object.fromEntries(FIELDS.map(({ name, index }) => [name, index])) as Readonly<
    Record<RequestHeader | (typeof FRAMING)[number], number>
  >

const BY_HASH = new Map<number, HeadField>()
for (const field of FIELDS) BY_HASH.set(hashOf(Buffer.from(field.name)), field)

/** One step of the hash that `fieldAt` expects, over the lower-case bytes of a name. */
export function hashStep(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0
}

function hashOf(bytes: Uint8Array): number {
  return bytes.reduce(hashStep, 0)
}

/** The header with this hash, if the bytes from `start` to `end` are really its name. */
export function fieldAt(
  bytes: Uint8Array,
  start: number,
  end: number,
  hash: number,
): HeadField | undefined {
  const field = BY_HASH.get(hash)
  if (field === undefined || field.name.length !== end - start) return undefined
  for (let at = start; at < end; at++) {
    if (NAME_BYTE[bytes[at] as number] !== field.name.charCodeAt(at - start)) return undefined
  }
  return field
}
