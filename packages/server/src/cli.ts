import { readFileSync } from 'node:fs'
import { HeartlineError } from '@heartline/wire'
import { Command, CommanderError } from 'commander'
import { helpLayout } from './commands/help-layout.ts'
import { helpAsOption, upToUnknown } from './commands/help-words.ts'
import { usageHint } from './commands/usage-hint.ts'
import { serverErrors } from './errors.ts'

const USAGE_EXIT_CODE = 2

interface CommandEntry {
  readonly name: string
  readonly summary: string
  /** Shown after wrong usage. */
  readonly example: string
  readonly load: () => Promise<Command>
}

/** Each command is its own file, loaded only when it is asked for: `--help` answers at once. */
const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'serve',
    summary: 'run a hub',
    example: 'heartline serve --listen 127.0.0.1:9000 --store disk:./data',
    load: async () => (await import('./commands/serve.ts')).serveCommand(),
  },
  {
    name: 'demo',
    summary: 'run a hub with recorded data and a console',
    example: 'heartline demo --speed 10',
    load: async () => (await import('./commands/demo.ts')).demoCommand(),
  },
  {
    name: 'publish',
    summary: 'publish events',
    example: `heartline publish news/today '{"title":"hello"}'`,
    load: async () => (await import('./commands/publish.ts')).publishCommand(),
  },
  {
    name: 'subscribe',
    summary: 'print events as they come',
    example: "heartline subscribe 'news/**'",
    load: async () => (await import('./commands/subscribe.ts')).subscribeCommand(),
  },
  {
    name: 'token',
    summary: 'sign a token for development',
    example: "heartline token --secret-file secret.txt --subscribe 'news/**'",
    load: async () => (await import('./commands/token.ts')).tokenCommand(),
  },
  {
    name: 'config',
    summary: 'check and describe the configuration',
    example: 'heartline config check heartline.json',
    load: async () => (await import('./commands/config.ts')).configCommand(),
  },
]

const EXAMPLES = `
Examples:
  $ heartline serve
  $ heartline serve --listen :8420 --store disk:./data --key-secret-file secret.txt
  $ heartline publish news/today '{"title":"hello"}'
  $ heartline subscribe 'news/**'

Exit codes: 0 done, 1 failed or refused (a wrong configuration too), 2 wrong usage.
`

/** Runs the command line. Resolves to the exit code: 0, 1 for an error, 2 for wrong usage. */
export async function runCli(given: readonly string[]): Promise<number> {
  const argv = helpAsOption(given)
  const program = await createProgram(argv)
  try {
    await program.parseAsync(upToUnknown(program, argv), { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    return report(error, hintOf(program, argv))
  }
}

async function createProgram(argv: readonly string[]): Promise<Command> {
  const program = new Command('heartline')
    .description('Server-Sent Events that never go quiet and never lose their place')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .addHelpText('after', EXAMPLES)
    .showSuggestionAfterError()
    .exitOverride()
    .configureHelp(helpLayout)
    .configureOutput({
      outputError: (text, write) => write(`heartline: ${text.replace(/^error: /, '')}`),
    })
  for (const entry of COMMANDS) {
    const command = entry.name === argv[0] ? await entry.load() : new Command(entry.name)
    inherit(command.summary(entry.summary), program)
    program.addCommand(command)
    hint(command, entry.example)
  }
  return program.showHelpAfterError(usageHint(program, 'heartline serve'))
}

/** After its parents are known: they are part of its name. */
function hint(command: Command, example: string): void {
  command.showHelpAfterError(usageHint(command, example))
  for (const child of command.commands) hint(child, example)
}

/** For wrong usage that only the action of the command finds. */
function hintOf(program: Command, argv: readonly string[]): string {
  const entry = COMMANDS.find(({ name }) => name === argv[0])
  const command = program.commands.find((it) => it.name() === argv[0])
  return entry === undefined || command === undefined ? '' : usageHint(command, entry.example)
}

/** Commander passes these on only to commands that it makes itself. */
function inherit(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent)
  for (const child of command.commands) inherit(child, command)
}

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function report(error: unknown, usage: string): number {
  // Commander has printed it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE
  if (error instanceof HeartlineError) {
    process.stderr.write(`heartline: ${error.message} [${error.code}]\n`)
    if (error.code === serverErrors.authRequired.code) {
      process.stderr.write('heartline: Give one with --token or HEARTLINE_TOKEN.\n')
    }
    if (error.code !== serverErrors.usage.code) return 1
    process.stderr.write(`${usage}\n`)
    return USAGE_EXIT_CODE
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`heartline: this should not happen: ${text}\n`)
  return 1
}
