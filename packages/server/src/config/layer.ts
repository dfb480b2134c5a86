import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'
import { nearestHint } from './nearest.ts'
import { settings, type Setting } from './setting.ts'

/** Values of one source by path, with the name they were given under. */
export interface Layer {
  readonly path: string
  readonly value: unknown
  /** e.g. `HEARTLINE_LISTEN` or `--listen`. */
  readonly origin: string
}

/** Variables that are no settings: the file, and what the client commands read. */
const OTHER_VARIABLES = ['HEARTLINE_CONFIG', 'HEARTLINE_URL', 'HEARTLINE_TOKEN']
/** Kubernetes injects these for a service that is called "heartline". */
const INJECTED = /^HEARTLINE_(SERVICE_(HOST|PORT)(_.*)?|PORT(_\d+_(TCP|UDP)(_.*)?)?)$/

/** Reads the settings that the environment holds. Throws `HL_CONFIG_UNKNOWN_KEY`, `HL_CONFIG_INVALID`. */
export function readEnvironment(environment: NodeJS.ProcessEnv): Layer[] {
  refuseUnknownVariables(environment)
  return settings.flatMap((setting) => {
    for (const origin of [setting.variable, setting.variableAlias]) {
      const text = origin === undefined ? undefined : environment[origin]
      if (origin !== undefined && text !== undefined && text !== '') {
        return [{ path: setting.path, value: coerce(setting, text, origin), origin }]
      }
    }
    return []
  })
}

/** Reads the settings given as flags, by path. Throws `HL_CONFIG_INVALID`. */
export function readFlags(flags: ReadonlyMap<string, string | boolean>): Layer[] {
  return settings.flatMap((setting) => {
    const value = flags.get(setting.path)
    if (value === undefined) return []
    const { path, flag: origin } = setting
    return [
      { path, value: typeof value === 'string' ? coerce(setting, value, origin) : value, origin },
    ]
  })
}

function refuseUnknownVariables(environment: NodeJS.ProcessEnv): void {
  const known = settings.flatMap((it) => [it.variable, it.variableAlias ?? it.variable])
  known.push(...OTHER_VARIABLES)
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('HEARTLINE_') || known.includes(name) || INJECTED.test(name)) continue
    throw new HeartlineError(serverErrors.configUnknownKey, {
      where: `The environment variable ${name}`,
      hint: nearestHint(name, known),
    })
  }
}

function coerce(setting: Setting, text: string, origin: string): unknown {
  switch (setting.kind) {
    case 'boolean':
      if (/^(true|yes|on|1)$/i.test(text)) return true
      if (/^(false|no|off|0)$/i.test(text)) return false
      throw invalid(origin, 'must be true or false')
    case 'integer':
      if (/^-?\d+$/.test(text)) return Number(text)
      throw invalid(origin, 'must be a whole number')
    case 'list':
      return text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '')
    case 'json':
      return coerceJson(text, origin)
    default:
      return text
  }
}

function coerceJson(text: string, origin: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid(origin, 'must be JSON')
  }
}

function invalid(where: string, reason: string): HeartlineError {
  return new HeartlineError(serverErrors.configInvalid, { where, reason })
}
