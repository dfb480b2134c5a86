import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineEvents, issuesOf, toEvent, toEventAsync } from '../src/index.ts'
import { codeOf, eachLibrary, libraries, rejectionOf, schemaOf } from './kit.ts'

const events = libraries.zod

describe.each(eachLibrary)('with %s', (_, definition) => {
  it('makes an event of what the schema takes', () => {
    expect(toEvent(definition, 'tick', { n: 1 })).toMatchObject({ type: 'tick', data: '{"n":1}' })
    expect(toEvent(definition, 'done', 'good').data).toBe('"good"')
  })

  it('refuses what the schema refuses, and says where it is wrong', () => {
    const act = (): unknown => toEvent(definition, 'tick', { n: 'one' as never })
    expect(codeOf(act)).toBe('HL_EVENTS_DATA_INVALID')
    expect(act).toThrow(/^The data of "tick" is not valid, and nothing was sent: n: /)
  })
})

it('passes on the id and the delay', () => {
  const event = toEvent(events, 'tick', { n: 1 }, { id: '7', retry: 3_000 })
  expect(event).toEqual({ type: 'tick', data: '{"n":1}', id: '7', retry: 3_000 })
})

it('sends what comes out of the schema: no field that it does not know, and its defaults', () => {
  const users = defineEvents({
    user: z.object({ name: z.string(), role: z.string().default('x') }),
  })
  const row = { name: 'Ada', password: 'secret' }
  expect(toEvent(users, 'user', row).data).toBe('{"name":"Ada","role":"x"}')
})

describe('what is not sent', () => {
  it('is an event that was not defined', () => {
    for (const type of ['tock', 'toString', '__proto__', '']) {
      expect(codeOf(() => toEvent(events, type as never, {} as never))).toBe(
        'HL_EVENTS_TYPE_UNKNOWN',
      )
    }
  })

  it('is told with all issues of the schema and their paths', () => {
    const deep = defineEvents({ a: z.object({ list: z.array(z.object({ n: z.number() })) }) })
    try {
      toEvent(deep, 'a', { list: [{ n: 1 }, { n: 'x' as never }] })
      expect.unreachable()
    } catch (error) {
      expect((error as Error).message).toContain('list[1].n: ')
      expect(error).toMatchObject({ details: { type: 'a', path: 'list[1].n' }, status: 500 })
      expect(issuesOf(error)).toHaveLength(1)
      expect(issuesOf(error)[0]?.path).toEqual(['list', 1, 'n'])
    }
    expect(issuesOf(new Error('another'))).toEqual([])
    expect(issuesOf(undefined)).toEqual([])
  })

  it.each([undefined, null, 'yes', true, {}, { value: 1, issues: null }])(
    'is what a schema answers %j about, which is no answer',
    (answer) => {
      const odd = defineEvents({ a: schemaOf<number>(() => answer as never) })
      expect(codeOf(() => toEvent(odd, 'a', 1))).toBe('HL_EVENTS_SCHEMA_FAILED')
    },
  )

  it('is told also where the schema gives no reason', () => {
    const mute = defineEvents({ a: schemaOf<number>(() => ({ issues: [] })) })
    expect(() => toEvent(mute, 'a', 1)).toThrow('nothing was sent: its schema gives no reason.')
  })

  it('is told in few words when it is wrong in a thousand places', () => {
    const many = defineEvents({ a: z.array(z.number()) })
    const act = (): unknown => toEvent(many, 'a', Array(1_000).fill('x') as never)
    expect(act).toThrow(/^.{100,400} and 995 more\.$/)
  })

  it.each([
    ['a BigInt', 1n],
    ['nothing', undefined],
    ['a function', () => 1],
    ['a circle', circle()],
  ])('is %s, which has no JSON text', (_, value) => {
    const any = defineEvents({ a: z.unknown() })
    expect(codeOf(() => toEvent(any, 'a', value))).toBe('HL_EVENTS_DATA_NOT_JSON')
  })

  it.each([
    ['a Date, which arrives as text', z.date(), new Date(0)],
    ['a Map, which arrives empty', z.map(z.string(), z.number()), new Map([['a', 1]])],
    ['what a transformation made another type of', z.string().transform(Number), '5'],
    ['what the schema changes each time', z.number().transform((n) => n + 1), 1],
    ['Infinity, which arrives as null', schemaOf<number>(isNumber), Infinity],
  ])('is %s', (_, schema, value) => {
    const one = defineEvents({ a: schema })
    expect(codeOf(() => toEvent(one, 'a', value as never))).toBe('HL_EVENTS_DATA_ONE_WAY')
    // Without the second look it is sent.
    const blind = defineEvents({ a: schema }, { verify: false })
    expect(toEvent(blind, 'a', value as never).type).toBe('a')
  })

  it('is what a schema throws at', async () => {
    const broken = defineEvents({
      a: schemaOf(() => {
        throw new Error('out of order')
      }),
    })
    expect(() => toEvent(broken, 'a', 1)).toThrow(/out of order/)
    expect(codeOf(() => toEvent(broken, 'a', 1))).toBe('HL_EVENTS_SCHEMA_FAILED')
    const later = defineEvents({ a: schemaOf(() => Promise.reject(new Error('too late'))) })
    expect(await rejectionOf(toEventAsync(later, 'a', 1))).toBe('HL_EVENTS_SCHEMA_FAILED')
  })
})

describe('values that are something else on the wire', () => {
  it('are coerced by a schema that takes its own JSON', () => {
    const dates = defineEvents({ at: z.coerce.date() })
    expect(toEvent(dates, 'at', new Date(0)).data).toBe('"1970-01-01T00:00:00.000Z"')
  })

  it('have a schema for each side', () => {
    const dates = defineEvents({
      at: { send: z.date(), receive: z.iso.datetime().transform((text) => new Date(text)) },
    })
    expect(toEvent(dates, 'at', new Date(0)).data).toBe('"1970-01-01T00:00:00.000Z"')
    const wrong = defineEvents({ at: { send: z.number(), receive: z.string() } })
    expect(codeOf(() => toEvent(wrong, 'at', 1))).toBe('HL_EVENTS_DATA_ONE_WAY')
  })
})

describe('a schema that answers later', () => {
  const later = defineEvents({
    name: z.string().refine(async (name) => {
      await Promise.resolve()
      return name !== 'taken'
    }),
  })

  it('is waited for', async () => {
    expect((await toEventAsync(later, 'name', 'Ada')).data).toBe('"Ada"')
    expect(await rejectionOf(toEventAsync(later, 'name', 'taken'))).toBe('HL_EVENTS_DATA_INVALID')
  })

  it('is refused where nobody can wait, and leaves no rejection behind', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    const act = (): unknown => toEvent(later, 'name', 'taken')
    expect(codeOf(act)).toBe('HL_EVENTS_SCHEMA_ASYNC')
    expect(act).toThrow('Use toEventAsync instead.')
    await new Promise((resolve) => setTimeout(resolve, 20))
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})

function isNumber(value: unknown): { value: number } | { issues: { message: string }[] } {
  return typeof value === 'number' ? { value } : { issues: [{ message: 'no number' }] }
}

function circle(): object {
  const one: Record<string, unknown> = {}
  one['self'] = one
  return one
}
