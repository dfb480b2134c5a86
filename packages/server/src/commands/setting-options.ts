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
  const { flag, kind } = setting
  const description = describe(setting)
  if (kind !== 'boolean') return [new Option(`${flag} <${placeholder(setting)}>`, description)]
  return [
    new Option(flag, description),
    new Option(`--no-${flag.slice(2)}`, `the opposite of ${flag}`),
  ]
}

function describe(setting: Setting): string {
  const text = setting.description.replaceAll('`', '')
  const fallback = setting.default
  const isShown = ['string', 'number', 'boolean'].includes(typeof fallback)
  return isShown ? `${text} (default: ${String(fallback)})` : text
}

function placeholder(setting: Setting): string {
  const names = { integer: 'number', list: 'a,b', json: 'json', duration: 'time', size: 'size' }
  if (setting.choices !== undefined) return setting.choices.join('|')
  return setting.kind in names ? names[setting.kind as keyof typeof names] : 'value'
}

function camelCase(flag: string): string {
  return flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
