import { parseArgs } from 'node:util'

export interface Arguments {
  readonly scenarios: readonly string[]
  readonly rounds?: number | undefined
  readonly readers?: number | undefined
  readonly forMs?: number | undefined
  readonly peers?: readonly string[] | undefined
  readonly hubFlags: readonly string[]
  /** File for the result, or an empty text for stdout. */
  readonly json?: string | undefined
  readonly isPinned: boolean
  readonly block: boolean
  readonly help: boolean
}

/** What is wrong with the arguments, said to the user. */
export class BadArguments extends Error {}

/** @throws BadArguments */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv)
  return {
    scenarios: positionals,
    rounds: whole('rounds', values.rounds, 1_000),
    readers: whole('conns', values.conns, 60_000),
    forMs: whole('for', values.for, 600_000),
    peers: values.peers?.split(',').filter((name) => name !== ''),
    hubFlags: values.hub?.split(' ').filter((flag) => flag !== '') ?? [],
    json: values.json ?? (argv.includes('--json') ? '' : undefined),
    isPinned: values['no-pin'] !== true,
    block: values.block === true,
    help: values.help === true,
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: withValues(argv),
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        conns: { type: 'string' },
        for: { type: 'string' },
        peers: { type: 'string' },
        hub: { type: 'string' },
        json: { type: 'string' },
        'no-pin': { type: 'boolean' },
        block: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new BadArguments((error as Error).message)
  }
}

/** `--json` without a file prints: `--json=`. What follows `--hub` are flags, and begins with `-`. */
function withValues(argv: readonly string[]): string[] {
  const result: string[] = []
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? ''
    const next = argv[at + 1]
    if (argument === '--hub' && next !== undefined) {
      result.push(`--hub=${next}`)
      at++
    } else {
      const isBare = argument === '--json' && (next === undefined || next.startsWith('-'))
      result.push(isBare ? '--json=' : argument)
    }
  }
  return result
}

function whole(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new BadArguments(`--${name} is '${text}'; it takes a whole number from 1 to ${most}.`)
}
