import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'
import { parseJson } from '../http/json.ts'

/** Read from the working directory when no other file is named. */
export const DEFAULT_FILE = 'heartline.json'

/** What a configuration file holds, before it is checked. */
export interface ConfigFile {
  /** Undefined when there is none. */
  readonly name: string | undefined
  readonly content: Readonly<Record<string, unknown>>
}

/** Reads the named file, or `heartline.json` when it exists. Throws `HL_CONFIG_UNREADABLE`. */
export function readConfigFile(named: string | undefined, directory: string): ConfigFile {
  const name = named ?? (existsSync(resolve(directory, DEFAULT_FILE)) ? DEFAULT_FILE : undefined)
  if (name === undefined) return { name, content: {} }
  const content = parseContent(name, readText(name, directory))
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw unreadable(name, 'it must hold one JSON object')
  }
  const { $schema: _, ...rest } = content as Record<string, unknown>
  return { name, content: rest }
}

function readText(name: string, directory: string): string {
  try {
    return readFileSync(resolve(directory, name), 'utf8')
  } catch (cause) {
    throw unreadable(name, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

function parseContent(name: string, text: string): unknown {
  try {
    return parseJson(text)
  } catch (cause) {
    if (!(cause instanceof HeartlineError)) throw cause
    const offset = cause.details['position']
    const line = typeof offset === 'number' ? text.slice(0, offset).split('\n').length : 1
    throw unreadable(name, `line ${line}: ${cause.details['reason'] ?? cause.message}`, cause)
  }
}

function unreadable(file: string, reason: string, cause?: unknown): HeartlineError {
  return new HeartlineError(serverErrors.configUnreadable, { file, reason }, cause)
}
