import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineEvents, eventsErrors } from '../src/index.ts'
import { codeOf, libraries } from './kit.ts'

const schema = z.number()

describe('the name of an event', () => {
  it.each([
    ['is empty', ''],
    ['ends a line with LF', 'a\nb'],
    ['ends a line with CR', 'a\rdata: x'],
    ['has a NUL', 'a\0'],
    ['is half of a surrogate pair', '\ud83d'],
    ['is one of the server', 'heartline.drain'],
    ['stands for all events', '*'],
  ])('is refused when it %s', (_, name) => {
    expect(codeOf(() => defineEvents({ [name]: schema }))).toBe('HL_EVENTS_NAME_INVALID')
  })

  it.each(['tick', 'message', 'toString', '__proto__', 'constructor', 'a b', 'preis €', '😀'])(
    'may be %s',
    (name) => {
      const events = defineEvents(Object.fromEntries([[name, schema]]))
      expect(events.types).toEqual([name])
      expect(Object.hasOwn(events.schemas, name)).toBe(true)
      expect(Object.getPrototypeOf(events.schemas)).toBe(Object.prototype)
    },
  )

  it('is told in the error', () => {
    expect(() => defineEvents({ 'a\nb': schema })).toThrow(
      'No event can be called "a\\nb": it has a line end or a NUL, which would end its line',
    )
  })
})

describe('the schema of an event', () => {
  it.each(Object.keys(libraries) as (keyof typeof libraries)[])('may be one of %s', (library) => {
    expect(libraries[library].types).toEqual(['tick', 'done'])
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a JSON Schema', { type: 'object' }],
    ['a function that is none', () => true],
    [
      'another version',
      { '~standard': { version: 2, vendor: 'x', validate: () => ({ value: 1 }) } },
    ],
    ['half a pair', { send: schema }],
  ])('is refused when it is %s', (_, given) => {
    expect(codeOf(() => defineEvents({ tick: given as never }))).toBe('HL_EVENTS_SCHEMA_INVALID')
  })

  it('is another one for readers in a pair', () => {
    const receive = z.string()
    const events = defineEvents({ at: { send: schema, receive } })
    expect(events.schemas.at).toBe(receive)
    expect(events.pairs.get('at')).toEqual({ send: schema, receive })
  })
})

it('does not change when what was given does', () => {
  const given: Record<string, typeof schema> = { tick: schema }
  const events = defineEvents(given)
  given['late'] = schema
  expect(events.types).toEqual(['tick'])
  expect(Object.isFrozen(events.schemas)).toBe(true)
})

it('has errors with codes of their own', () => {
  expect(Object.values(eventsErrors).map(({ code }) => code)).toEqual([
    'HL_EVENTS_NAME_INVALID',
    'HL_EVENTS_SCHEMA_INVALID',
    'HL_EVENTS_TYPE_UNKNOWN',
    'HL_EVENTS_DATA_INVALID',
    'HL_EVENTS_DATA_NOT_JSON',
    'HL_EVENTS_DATA_ONE_WAY',
    'HL_EVENTS_SCHEMA_ASYNC',
    'HL_EVENTS_SCHEMA_FAILED',
  ])
})
