import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineEvents } from '../../src/index.ts'
import { openApiErrors, toOpenApi } from '../../src/openapi/index.ts'
import type { OpenApiDocument, OpenApiOptions, OpenApiVersion } from '../../src/openapi/index.ts'
import { codeOf, libraries, schemaOf } from '../kit.ts'
import { validators } from './validators.ts'
import { ofValibot } from './valibot.ts'

const info = { title: 'Ticks', version: '1.0.0' }
const versions: readonly OpenApiVersion[] = ['3.2', '3.1']

interface Node {
  readonly name: string
  readonly kids: readonly Node[]
}
const tree: z.ZodType<Node> = z.object({
  name: z.string(),
  get kids() {
    return z.array(tree)
  },
})

const all = defineEvents({
  tick: z.object({ n: z.number().int(), note: z.string().optional() }),
  message: z.string(),
  'a b/c': z.union([z.literal('x'), z.number()]).nullable(),
  tree,
  shared: z.object({ one: z.object({ q: z.string() }).meta({ id: 'Inner' }) }),
  ark: type({ n: 'number', 'kid?': { n: 'number' } }),
  at: { send: z.date(), receive: z.iso.datetime().transform((text) => new Date(text)) },
  trimmed: z.string().transform((text) => text.trim()),
})

function describeAll(version: OpenApiVersion): OpenApiDocument {
  return toOpenApi({
    info,
    version,
    servers: [{ url: 'https://example.com' }],
    tags: [{ name: 'live' }],
    security: [{ token: [] }],
    securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    paths: {
      '/all': { events: all, operationId: 'readAll', summary: 'All', tags: ['live'] },
      '/rooms/{room}/{id}': {
        events: libraries.zod,
        description: 'One room',
        parameters: [
          { name: 'id', in: 'path', required: true, schema: { type: 'integer' } },
          { name: 'since', in: 'query', schema: { type: 'string' } },
        ],
      },
      '/ask': {
        events: libraries.arktype,
        method: 'post',
        requestBody: { content: { 'application/json': { schema: { type: 'object' } } } },
        resume: false,
        control: false,
        errors: [400, 429],
        responses: { 204: { description: 'Nothing more.' } },
        deprecated: true,
      },
    },
  })
}

describe.each(versions)('a description for OpenAPI %s', (version) => {
  const document = describeAll(version)

  it.each(Object.entries(validators))('is valid for %s', async (_, validate) => {
    expect(await validate(document)).toEqual([])
  })

  it.each(Object.entries(validators))('is looked at by %s', async (_, validate) => {
    const media = version === '3.2' ? { itemSchema: 5 } : { schema: 5 }
    const broken = structuredClone(document) as never as Record<string, never>
    Object.assign(operation(broken, '/all').responses[200].content, { 'text/event-stream': media })
    expect(await validate(broken)).not.toEqual([])
  })

  it.each(Object.entries(validators))('is valid without any event for %s', async (_, validate) => {
    const nothing = { events: defineEvents({}), control: false }
    expect(await validate(toOpenApi({ info, version, paths: { '/a': nothing } }))).toEqual([])
  })

  it('is plain JSON, and has no reference that leads nowhere', () => {
    const text = JSON.stringify(document)
    expect(JSON.parse(text)).toEqual(document)
    const references = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, to = '']) => to)
    expect(references.length).toBeGreaterThan(10)
    for (const reference of references)
      expect(resolve(document, reference), reference).toBeDefined()
  })

  it('has the same data of the same events once', () => {
    const twice = toOpenApi({
      info,
      version,
      paths: { '/a': { events: libraries.zod }, '/b': { events: libraries.zod } },
    })
    expect(Object.keys(twice.components['schemas'] ?? {})).toEqual(['Problem', 'tick', 'done'])
  })

  it('tells schemas with the same name apart', () => {
    const other = defineEvents({ tick: z.string(), Problem: z.number() })
    const { components } = toOpenApi({
      info,
      version,
      paths: { '/a': { events: libraries.zod }, '/b': { events: other } },
    })
    expect(components['schemas']).toMatchObject({
      Problem: { title: 'Problem' },
      'Problem-2': { type: 'number' },
      tick: { type: 'object' },
      'tick-2': { type: 'string' },
    })
  })
})

it('describes one event as text that holds JSON in 3.2', () => {
  const events = defineEvents({ tick: z.object({ n: z.number() }), message: z.string() })
  const document = toOpenApi({ info, paths: { '/t': { events, control: false } } })
  expect(document.openapi).toBe('3.2.0')
  expect(operation(document, '/t').responses[200].content).toEqual({
    'text/event-stream': {
      itemSchema: {
        type: 'object',
        properties: {
          event: { type: 'string', description: 'Absent, it is "message".' },
          data: { type: 'string' },
          id: { type: 'string', description: 'Sent back as Last-Event-ID.' },
          retry: { type: 'integer', minimum: 0, description: 'Reconnection time in milliseconds.' },
        },
        required: ['data'],
        oneOf: [
          {
            title: 'Event tick',
            properties: {
              event: { const: 'tick' },
              data: {
                contentMediaType: 'application/json',
                contentSchema: { $ref: '#/components/schemas/tick' },
              },
            },
            required: ['event'],
          },
          {
            title: 'Event message',
            properties: {
              event: { const: 'message' },
              data: {
                contentMediaType: 'application/json',
                contentSchema: { $ref: '#/components/schemas/message' },
              },
            },
            required: [],
          },
        ],
      },
    },
  })
})

it('describes an array of decoded events in 3.1', () => {
  const events = defineEvents({ tick: z.object({ n: z.number() }), message: z.string() })
  const document = toOpenApi({ info, version: '3.1', paths: { '/t': { events } } })
  expect(document.openapi).toBe('3.1.1')
  const id = { type: 'string', description: 'Sent back as Last-Event-ID.' }
  const retry = { type: 'integer', minimum: 0, description: 'Reconnection time in milliseconds.' }
  expect(operation(document, '/t').responses[200].content['text/event-stream']).toEqual({
    schema: {
      title: 'Server Sent Events',
      description: 'Each item is one event of the stream.',
      type: 'array',
      items: {
        oneOf: [
          {
            title: 'Event tick',
            type: 'object',
            properties: {
              id,
              event: { type: 'string', const: 'tick' },
              data: { $ref: '#/components/schemas/tick' },
              retry,
            },
            required: ['data', 'event'],
          },
          {
            title: 'Event message',
            type: 'object',
            properties: {
              id,
              event: { type: 'string', const: 'message' },
              data: { $ref: '#/components/schemas/message' },
              retry,
            },
            required: ['data'],
          },
          {
            title: 'What the server says about the stream',
            type: 'object',
            properties: {
              id,
              event: {
                type: 'string',
                enum: ['heartline.drain', 'heartline.end', 'heartline.expired', 'heartline.gap'],
              },
              data: { type: 'object' },
              retry,
            },
            required: ['data', 'event'],
          },
        ],
      },
    },
  })
})

describe('the parameters', () => {
  const names = (document: OpenApiDocument, path: string): string[] =>
    (operation(document, path).parameters ?? []).map(({ name }) => name)

  it('are those of the path, those that are given, and those to resume', () => {
    const document = describeAll('3.2')
    const wanted = ['id', 'since', 'room', 'Last-Event-ID', 'lastEventId']
    expect(names(document, '/rooms/{room}/{id}')).toEqual(wanted)
    expect(operation(document, '/rooms/{room}/{id}').parameters?.[0]?.schema.type).toBe('integer')
    expect(operation(document, '/ask', 'post').parameters).toBeUndefined()
  })

  it('are not there twice when they are given', () => {
    const parameters = [{ name: 'last-event-id', in: 'header', schema: { type: 'string' } }]
    const events = libraries.zod
    const document = toOpenApi({ info, paths: { '/t': { events, parameters } } })
    expect(names(document, '/t')).toEqual(['last-event-id', 'lastEventId'])
  })

  it.each([
    ['does not begin with "/"', 'ticks', []],
    ['has a "?"', '/ticks?x={x}', []],
    ['has a "?", a "#" or a brace', '/a/{b', []],
    ['names a parameter twice', '/{a}/{a}', []],
    ['has no {b}', '/{a}', [{ name: 'b', in: 'path', required: true }]],
  ])('are refused for a path that %s', (problem, path, parameters) => {
    const act = (): unknown =>
      toOpenApi({ info, paths: { [path]: { events: libraries.zod, parameters } } })
    expect(codeOf(act)).toBe('HL_OPENAPI_PATH_INVALID')
    expect(act).toThrow(problem)
  })
})

describe('the answers that are no stream', () => {
  it('are problem documents for 401, 403, 406 and 503', () => {
    const { responses } = operation(describeAll('3.2'), '/all')
    expect(Object.keys(responses)).toEqual(['200', '401', '403', '406', '503'])
    expect(responses[503]).toMatchObject({
      headers: { 'Retry-After': { schema: { type: 'integer' } } },
      content: {
        'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
      },
    })
  })

  it('are others when others are named', () => {
    const { responses } = operation(describeAll('3.1'), '/ask', 'post')
    expect(Object.keys(responses)).toEqual(['200', '204', '400', '429'])
  })

  it.each([200, 600, 404.5, NaN])('are refused for the status %s', (status) => {
    const paths = { '/t': { events: libraries.zod, errors: [status] } }
    expect(codeOf(() => toOpenApi({ info, paths }))).toBe('HL_OPENAPI_STATUS_INVALID')
  })
})

describe('a base', () => {
  const base = {
    openapi: '3.0.3',
    info: { title: 'Old', version: '0' },
    paths: { '/ticks': { post: { responses: { 204: { description: 'Done' } } } } },
    components: {
      schemas: { tick: { type: 'boolean' } },
      securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X' } },
      parameters: { Page: { name: 'page', in: 'query', schema: { type: 'integer' } } },
    },
    'x-mine': 1,
  }
  const options: OpenApiOptions = {
    info,
    base,
    paths: { '/ticks': { events: libraries.zod } },
    securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
  }

  it('keeps what it has', async () => {
    const before = structuredClone(base)
    const document = toOpenApi(options)
    expect(base).toEqual(before)
    expect(document).toMatchObject({
      'x-mine': 1,
      openapi: '3.2.0',
      info,
      paths: { '/ticks': { post: {}, get: {} } },
      components: {
        schemas: { tick: { type: 'boolean' }, 'tick-2': { type: 'object' } },
        securitySchemes: { key: {}, token: {} },
        parameters: { Page: {} },
      },
    })
    for (const validate of Object.values(validators)) expect(await validate(document)).toEqual([])
  })

  it('is not written over', () => {
    const taken = { paths: { '/ticks': { get: {} } } }
    expect(codeOf(() => toOpenApi({ ...options, base: taken }))).toBe('HL_OPENAPI_OPERATION_TAKEN')
  })
})

describe('the schema of the data', () => {
  const schemasOf = (options: Partial<OpenApiOptions>): Record<string, unknown> => {
    const paths = options.paths ?? {}
    return (toOpenApi({ info, ...options, paths }).components['schemas'] ?? {}) as never
  }

  it('is what is on the wire: what comes out of a schema', () => {
    const events = defineEvents({ a: z.object({ role: z.string().default('x') }) })
    expect(schemasOf({ paths: { '/a': { events } } })['a']).toMatchObject({ required: ['role'] })
  })

  it('is what goes into the schema of readers where they differ, and where the other has none', () => {
    const schemas = schemasOf({ paths: { '/all': { events: all } } })
    expect(schemas['at']).toMatchObject({ type: 'string', format: 'date-time' })
    expect(schemas['trimmed']).toEqual({ type: 'string' })
  })

  it('refers to itself and its parts where they went', () => {
    const schemas = schemasOf({ paths: { '/all': { events: all } } })
    expect(schemas['tree']).toMatchObject({
      properties: { kids: { items: { $ref: '#/components/schemas/tree' } } },
    })
    expect(schemas['shared']).toMatchObject({
      properties: { one: { $ref: '#/components/schemas/shared.Inner' } },
    })
    expect(schemas['shared.Inner']).toMatchObject({ properties: { q: { type: 'string' } } })
  })

  it.each(['__proto__', 'constructor'])('is there for an event that is called %s', (name) => {
    const events = defineEvents(Object.fromEntries([[name, z.string()]]))
    const document = toOpenApi({ info, paths: { '/a': { events } } })
    const references = JSON.stringify(document).match(/#\/components\/schemas\/[^"]*/g) ?? []
    const { schemas } = JSON.parse(JSON.stringify(document.components)) as { schemas: object }
    for (const reference of references) {
      expect(Object.keys(schemas)).toContain(reference.split('/').at(-1))
    }
  })

  it('may define parts under any name', () => {
    const part = z.object({ q: z.number() }).meta({ id: '100% sure/~x' })
    const events = defineEvents({ x: z.object({ part }) })
    const document = toOpenApi({ info, paths: { '/a': { events } } })
    expect(document.components).toMatchObject({
      schemas: {
        x: { properties: { part: { $ref: '#/components/schemas/x.100__sure__x' } } },
        'x.100__sure__x': { properties: { q: { type: 'number' } } },
      },
    })
  })

  it('is the one of each side, where readers of two events share theirs', () => {
    const user = z.object({ role: z.string().default('reader') })
    const send = z.object({ role: z.string().optional() })
    const events = defineEvents({ full: user, part: { send, receive: user } })
    const { components } = toOpenApi({ info, paths: { '/a': { events } } })
    expect(components).toMatchObject({ schemas: { full: { required: ['role'] } } })
    expect(components?.['schemas']).toHaveProperty('part')
    expect(components).not.toHaveProperty('schemas.part.required')
  })

  it('keeps data that looks like a reference', () => {
    const given = {
      $defs: { X: { type: 'string' } },
      const: { $ref: '#/$defs/X' },
      properties: { default: { $ref: '#/$defs/X' }, $ref: { type: 'number' } },
      anyOf: [{ $ref: '#/$defs/X' }, { $ref: '#' }, { $ref: 'https://example.com/x' }],
    }
    const events = defineEvents({ a: z.unknown() })
    const schemas = schemasOf({ paths: { '/a': { events } }, toJsonSchema: () => given })
    const moved = { $ref: '#/components/schemas/a.X' }
    expect(schemas['a']).toEqual({
      const: { $ref: '#/$defs/X' },
      properties: { default: moved, $ref: { type: 'number' } },
      anyOf: [moved, { $ref: '#/components/schemas/a' }, { $ref: 'https://example.com/x' }],
    })
  })

  it('comes from valibot by its converter, in two ways', () => {
    const schema = v.object({ n: v.pipe(v.number(), v.integer()) })
    const wanted = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] }
    const own = defineEvents({ a: toStandardJsonSchema(schema) })
    expect(schemasOf({ paths: { '/a': { events: own } } })['a']).toEqual(wanted)
    const events = defineEvents({ a: schema })
    const described = schemasOf({ paths: { '/a': { events } }, toJsonSchema: ofValibot })
    expect(described['a']).toEqual(wanted)
  })

  it.each([
    ['that has no way to', libraries.valibot, /"tick" \(valibot\).*~standard.jsonSchema.*valibot/],
    ['of a Date', defineEvents({ a: z.date() }), /"a" \(zod\).*Date cannot be represented/],
    ['of another library', defineEvents({ a: schemaOf(() => ({ value: 1 })) }), /"a" \(test\)/],
  ])('is asked for with a schema %s', (_, events, message) => {
    const act = (): unknown => schemasOf({ paths: { '/a': { events } } })
    expect(codeOf(act)).toBe('HL_OPENAPI_SCHEMA_NOT_JSON')
    expect(act).toThrow(message)
  })

  it.each([
    type('bigint'),
    type({ n: 'bigint' }),
    type('Date'),
    type('symbol'),
    type('undefined'),
    type.instanceOf(Map),
  ])('is not made up for what has no JSON in arktype: %o', (schema) => {
    const act = (): unknown =>
      schemasOf({ paths: { '/a': { events: defineEvents({ a: schema }) } } })
    expect(codeOf(act)).toBe('HL_OPENAPI_SCHEMA_NOT_JSON')
    expect(act).toThrow(/"a" \(arktype\).*has no JSON/)
  })

  it('is loose where arktype checks more than can be described', () => {
    const narrow = type('number').narrow((n) => n > 3)
    const parsed = type('string.date.parse')
    const events = defineEvents({ narrow, parsed })
    expect(schemasOf({ paths: { '/a': { events } } })).toMatchObject({
      narrow: { type: 'number' },
      parsed: { type: 'string' },
    })
  })

  it('is asked for when the caller cannot give it', () => {
    const paths = { '/a': { events: libraries.zod } }
    const toJsonSchema = (): never => {
      throw new Error('no idea')
    }
    expect(codeOf(() => schemasOf({ paths, toJsonSchema }))).toBe('HL_OPENAPI_SCHEMA_NOT_JSON')
    const later = (): object => Promise.resolve({})
    expect(codeOf(() => schemasOf({ paths, toJsonSchema: later }))).toBe(
      'HL_OPENAPI_SCHEMA_NOT_JSON',
    )
    // Who does not know this one leaves it to the schema.
    const paths2 = { '/a': { events: libraries.arktype } }
    expect(schemasOf({ paths: paths2, toJsonSchema: () => undefined })['tick']).toBeDefined()
  })
})

it.each(['3.0', '2.0', 'toString', 3.2])('refuses to describe for version %s', (version) => {
  const act = (): unknown => toOpenApi({ info, version: version as '3.2', paths: {} })
  expect(codeOf(act)).toBe('HL_OPENAPI_VERSION_UNKNOWN')
})

it('has errors with codes of their own', () => {
  expect(Object.values(openApiErrors).map(({ code }) => code)).toEqual([
    'HL_OPENAPI_VERSION_UNKNOWN',
    'HL_OPENAPI_PATH_INVALID',
    'HL_OPENAPI_OPERATION_TAKEN',
    'HL_OPENAPI_SCHEMA_NOT_JSON',
    'HL_OPENAPI_STATUS_INVALID',
  ])
})

interface Operation {
  readonly parameters?: { readonly name: string; readonly schema: { readonly type: string } }[]
  readonly responses: Record<number, { readonly content: Record<string, object> }> &
    Record<200, { readonly content: Record<string, object> }>
}

function operation(document: object, path: string, method = 'get'): Operation {
  const { paths } = document as { paths: Record<string, Record<string, Operation>> }
  const found = paths[path]?.[method]
  if (found === undefined) throw new Error(`There is no ${method} ${path}.`)
  return found
}

function resolve(document: object, reference: string): unknown {
  const parts = reference.replace(/^#\//, '').split('/')
  const names = parts.map((part) => decodeURIComponent(part).replaceAll('~1', '/'))
  return names.reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], document)
}
