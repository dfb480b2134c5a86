import type { Command } from 'commander'

/** What to do after wrong usage: how the command is called, an example, where more is said. */
export function usageHint(command: Command, example: string): string {
  const name = fullName(command)
  const usage = command.createHelp().commandUsage(command)
  return `\nUsage:   ${usage}\nExample: ${example}\nHelp:    ${name} --help`
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`
}
