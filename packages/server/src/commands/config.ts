import { HeartlineError } from '@heartline/wire'
import { Command } from 'commander'
import { defaultTree } from '../config/defaults.ts'
import { DEFAULT_FILE, readConfigFile } from '../config/file.ts'
import { configJsonSchema } from '../config/json-schema.ts'
import { checkConfig } from '../config/load.ts'
import { serverErrors } from '../errors.ts'

const HELP = `
Examples:
  $ heartline config check /etc/heartline.json
  $ heartline config print-defaults > heartline.json
  $ heartline config schema > heartline.schema.json
`

/** `heartline config`. */
export function configCommand(): Command {
  const command = new Command('config')
    .description('Check and describe the configuration.')
    .addHelpText('after', HELP)
  command
    .command('check')
    .description('Check a file and say everything that is wrong with it.')
    .argument('[file]', 'file to check (default: HEARTLINE_CONFIG, else ./heartline.json)')
    .action(check)
  command
    .command('print-defaults')
    .description('Print every setting that has a default, as a file.')
    .action(() => print(defaultTree()))
  command
    .command('schema')
    .description('Print the JSON Schema of the file, for editors.')
    .action(() => print(configJsonSchema()))
  return command
}

function check(file: string | undefined): void {
  const named = file ?? (process.env['HEARTLINE_CONFIG'] || DEFAULT_FILE)
  const { content } = readConfigFile(named, process.cwd())
  const problems: HeartlineError[] = []
  checkConfig(content, problems)
  const last = problems.pop()
  if (last === undefined) {
    process.stdout.write(`heartline: ${named} is valid\n`)
    return
  }
  for (const problem of problems) {
    process.stderr.write(`heartline: ${named}: ${problem.message} [${problem.code}]\n`)
  }
  const where = `${named}: ${String(last.details['where'])}`
  const isUnknown = last.code === serverErrors.configUnknownKey.code
  const entry = isUnknown ? serverErrors.configUnknownKey : serverErrors.configInvalid
  throw new HeartlineError(entry, { ...last.details, where })
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
}
