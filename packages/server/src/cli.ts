import { readFileSync } from 'node:fs'
import { HeartlineError } from '@heartline/wire'
import { Command, CommanderError } from 'commander'
import { serverErrors } from './errors.ts'

const USAGE_EXIT_CODE = 2

interface CommandEntry {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<Command>
}

/** Each command is its own file, loaded only when it is asked for: `--help` answers at once. */
const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'serve',
    summary: 'run a hub',
    load: async () => (await import('./commands/serve.ts')).serveCommand(),
  },
  {
    name: 'demo',
    summary: 'run a hub with recorded data and a console',
    load: async () => (await import('./commands/demo.ts')).demoCommand(),
  },
  {
    name: 'publish',
    summary: 'publish events',
    load: async () => (await import('./commands/publish.ts')).publishCommand(),
  },
  {
    name: 'subscribe',
    summary: 'print events as they come',
    load: async () => (await import('./commands/subscribe.ts')).subscribeCommand(),
  },
  {
    name: 'token',
    summary: 'sign a token for development',
    load: async () => (await import('./commands/token.ts')).tokenCommand(),
  },
  {
    name: 'config',
    summary: 'check and describe the configuration',
    load: async () => (await import('./commands/config.ts')).configCommand(),
  },
]

const EXAMPLES = `
Examples:
  $ heartline serve
  $ heartline serve --listen :8420 --store disk:./data --key-secret-file secret.txt
  $ heartline publish news/today '{"title":"hello"}'
  $ heartline subscribe 'news/**'
`

/** Runs the command line. Resolves to the exit code: 0, 1 for an error, 2 for wrong usage. */
export async function runCli(argv: readonly string[]): Promise<number> {
  try {
    const program = await createProgram(argv)
    await program.parseAsync([...argv], { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    return report(error)
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
    .configureOutput({
      outputError: (text, write) => write(`heartline: ${text.replace(/^error: /, '')}`),
    })
  const wanted = argv[0] === 'help' ? argv[1] : argv[0]
  for (const entry of COMMANDS) {
    const command = entry.name === wanted ? await entry.load() : new Command(entry.name)
    inherit(command.summary(entry.summary), program)
    program.addCommand(command)
  }
  return program
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

function report(error: unknown): number {
  // Commander has printed it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE
  if (error instanceof HeartlineError) {
    process.stderr.write(`heartline: ${error.message} [${error.code}]\n`)
    return error.code === serverErrors.usage.code ? USAGE_EXIT_CODE : 1
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`heartline: this should not happen: ${text}\n`)
  return 1
}
