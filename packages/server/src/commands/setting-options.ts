import { Option, type Command } from 'commander'
import type { Config } from '../config/config.ts'
import { loadConfig, type ConfigSources } from '../config/load.ts'
import { settings, type Setting } from '../config/setting.ts'

/** Gives a command one flag for each setting, and `--config`. */
export function addSettingOptions(command: Command): Command {
  command.option(
    '--config <file>',
    'configuration file (default: ./heartline.json when there is one)',
  )
  for (const setting of settings) {
    for (const option of toOptions(setting)) command.addOption(option)
  }
  return command
}

/**
 * The configuration of a command that has these options: flags, environment, file, defaults.
 * Throws `HL_CONFIG_*`.
 */
export function configOf(command: Command, defaults?: ConfigSources['defaults']): Config {
  return loadConfig({
    environment: process.env,
    flags: givenSettings(command),
    file: command.getOptionValue('config') as string | undefined,
    directory: process.cwd(),
    defaults,
  })
}

/** The settings that were given as flags, by path. */
function givenSettings(command: Command): Map<string, string | boolean> {
  const given = new Map<string, string | boolean>()
  for (const setting of settings) {
    const name = camelCase(setting.flag)
    if (command.getOptionValueSource(name) !== 'cli') continue
    given.set(setting.path, command.getOptionValue(name) as string | boolean)
  }
  return given
}

function toOptions(setting: Setting): Option[] {
  const { flag, kind, group } = setting
  const name = flag.slice(2)
  const isSwitch = kind === 'boolean'
  const flags = isSwitch ? flag : `${flag} <${placeholder(setting)}>`
  const option = new Option(flags, describe(setting)).helpGroup(`${group}:`)
  if (!isSwitch) return [option]
  // One line of the help tells of both.
  option.flags = `--[no-]${name}`
  return [option, new Option(`--no-${name}`).hideHelp()]
}

function describe(setting: Setting): string {
  const text = setting.description.replaceAll(/`([^`]*)`/g, (_, quoted: string) => asFlag(quoted))
  const fallback = setting.default
  const isShown = ['string', 'number', 'boolean'].includes(typeof fallback)
  return isShown ? `${text} (default: ${String(fallback)})` : text
}

/** Who reads help writes flags: `disk.fsync: interval` is `--disk-fsync interval` there. */
function asFlag(quoted: string): string {
  const [path = '', value] = quoted.split(': ')
  // A single word may mean anything, as in "an event named `heartbeat`".
  if (value === undefined && !path.includes('.')) return quoted
  const flag = settings.find((setting) => setting.path === path)?.flag
  if (flag === undefined) return quoted
  return value === undefined ? flag : `${flag} ${value}`
}

function placeholder(setting: Setting): string {
  const names = { integer: 'number', list: 'a,b', json: 'json', duration: 'time', size: 'size' }
  if (setting.choices !== undefined) return setting.choices.join('|')
  if (setting.kind in names) return names[setting.kind as keyof typeof names]
  return setting.placeholder ?? /(File|Url)$/.exec(setting.path)?.[0].toLowerCase() ?? 'text'
}

function camelCase(flag: string): string {
  return flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
