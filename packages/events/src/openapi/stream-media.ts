import type { Components } from './components.ts'
import type { JsonObject, OpenApiVersion, StreamOperation } from './options.ts'

/** What a session says on its own account; the data of each is JSON. */
const CONTROL = ['heartline.drain', 'heartline.end', 'heartline.expired', 'heartline.gap']

const ID = { type: 'string', description: 'Sent back as Last-Event-ID.' }
const RETRY = { type: 'integer', minimum: 0, description: 'Reconnection time in milliseconds.' }

/** The Media Type Object of `text/event-stream`. */
export function streamMedia(
  { events, control = true }: StreamOperation,
  version: OpenApiVersion,
  components: Components,
): JsonObject {
  const variants = [...events.pairs].map(([type, pair]) =>
    variant(type, components.data(type, pair), version),
  )
  if (control) variants.push(controlVariant(version))
  return version === '3.2' ? itemMedia(variants) : arrayMedia(variants)
}

/** OpenAPI 3.2: the schema of one event, whose data is text that holds JSON. */
function itemMedia(variants: readonly JsonObject[]): JsonObject {
  return {
    itemSchema: {
      type: 'object',
      properties: {
        event: { type: 'string', description: 'Absent, it is "message".' },
        data: { type: 'string' },
        id: ID,
        retry: RETRY,
      },
      required: ['data'],
      ...oneOf(variants),
    },
  }
}

/** OpenAPI 3.1 has no words for a stream: an array, whose data is decoded already. */
function arrayMedia(variants: readonly JsonObject[]): JsonObject {
  return {
    schema: {
      title: 'Server Sent Events',
      description: 'Each item is one event of the stream.',
      type: 'array',
      items: oneOf(variants),
    },
  }
}

/** JSON Schema allows no choice of nothing. */
function oneOf(variants: readonly JsonObject[]): JsonObject {
  return variants.length === 0 ? {} : { oneOf: variants }
}

function variant(type: string, data: JsonObject, version: OpenApiVersion): JsonObject {
  // Sent without its name, which every reader takes for this one.
  const named = type === 'message' ? [] : ['event']
  const event = { const: type }
  if (version === '3.1')
    return arrayItem(`Event ${type}`, { type: 'string', ...event }, data, named)
  const text = { contentMediaType: 'application/json', contentSchema: data }
  return { title: `Event ${type}`, properties: { event, data: text }, required: named }
}

function controlVariant(version: OpenApiVersion): JsonObject {
  const title = 'What the server says about the stream'
  const event = { enum: CONTROL }
  if (version === '3.1') {
    return arrayItem(title, { type: 'string', ...event }, { type: 'object' }, ['event'])
  }
  const data = { contentMediaType: 'application/json', contentSchema: { type: 'object' } }
  return { title, properties: { event, data }, required: ['event'] }
}

function arrayItem(
  title: string,
  event: JsonObject,
  data: JsonObject,
  named: readonly string[],
): JsonObject {
  return {
    title,
    type: 'object',
    properties: { id: ID, event, data, retry: RETRY },
    required: ['data', ...named],
  }
}
