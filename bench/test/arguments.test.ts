import { describe, expect, it } from 'vitest'
import { parseArguments } from '../run/arguments.ts'

describe('arguments of the benchmarks', () => {
  it('names scenarios and leaves everything else to their defaults', () => {
    expect(parseArguments(['one', 'idle'])).toMatchObject({
      scenarios: ['one', 'idle'],
      rounds: undefined,
      readers: undefined,
      peers: undefined,
      hubFlags: [],
      json: undefined,
      isPinned: true,
      block: false,
    })
  })

  it('reads numbers, lists and flags', () => {
    const argv = ['one', '--rounds', '3', '--conns', '20', '--for', '200', '--peers', 'c,node']
    const given = parseArguments([...argv, '--hub', '--workers 2', '--no-pin', '--block'])
    expect(given).toMatchObject({
      rounds: 3,
      readers: 20,
      forMs: 200,
      peers: ['c', 'node'],
      hubFlags: ['--workers', '2'],
      isPinned: false,
      block: true,
    })
  })

  it('takes --json with a file or without', () => {
    expect(parseArguments(['one', '--json', 'out.json'])).toMatchObject({
      scenarios: ['one'],
      json: 'out.json',
    })
    expect(parseArguments(['one', '--json']).json).toBe('')
    expect(parseArguments(['--json', '--block', 'one'])).toMatchObject({ json: '', block: true })
  })

  it.each([
    [['one', '--rounds', '0'], '--rounds'],
    [['one', '--conns', 'many'], '--conns'],
    [['one', '--colour', 'red'], 'colour'],
  ])('says what is wrong with %j', (argv, word) => {
    expect(() => parseArguments(argv)).toThrow(word)
  })
})
