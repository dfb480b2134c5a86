import type { Command } from 'commander'

/** `help config check` as `config check --help`. */
export function helpAsOption(argv: readonly string[]): readonly string[] {
  if (argv[0] !== 'help') return argv
  return [...argv.filter((word) => word !== 'help'), '--help']
}

/**
 * The words up to the first that names no command. Commander would answer a `--help` behind it with
 * the help of its parent, as if that had been asked for.
 */
export function upToUnknown(program: Command, argv: readonly string[]): string[] {
  let command: Command | undefined = program
  for (const [index, word] of argv.entries()) {
    if (word.startsWith('-') || command.commands.length === 0) break
    command = command.commands.find((it) => it.name() === word)
    if (command === undefined) return argv.slice(0, index + 1)
  }
  return [...argv]
}
