import { HeartlineError } from '@heartline/wire'
import { openApiErrors } from './errors.ts'
import type { JsonObject } from './options.ts'

const TEXT = { type: 'string' }

const RESUME: readonly JsonObject[] = [
  {
    name: 'Last-Event-ID',
    in: 'header',
    description: 'The id of the last event that was read: what came after it follows.',
    schema: TEXT,
  },
  {
    name: 'lastEventId',
    in: 'query',
    description: 'The same for the first request of an EventSource, which cannot set headers.',
    schema: TEXT,
  },
]

/**
 * The parameters of a stream: those that are given, those of the path, and those to resume.
 *
 * @throws HeartlineError `HL_OPENAPI_PATH_INVALID`
 */
export function streamParameters(
  path: string,
  given: readonly JsonObject[] = [],
  resume: boolean,
): readonly JsonObject[] {
  const names = templateNames(path)
  const wanted = [
    ...names.map((name) => ({ name, in: 'path', required: true, schema: TEXT })),
    ...(resume ? RESUME : []),
  ]
  const isGiven = (one: JsonObject): boolean => given.some((other) => isSame(one, other))
  checkGiven(path, names, given)
  return [...given, ...wanted.filter((parameter) => !isGiven(parameter))]
}

/** Names of headers differ in more than their case, others do not. */
function isSame(one: JsonObject, other: JsonObject): boolean {
  if (one['in'] !== other['in']) return false
  const [name, second] = [String(one['name']), String(other['name'])]
  return one['in'] === 'header' ? name.toLowerCase() === second.toLowerCase() : name === second
}

function templateNames(path: string): readonly string[] {
  if (!path.startsWith('/')) throw invalid(path, 'does not begin with "/"')
  const names = [...path.matchAll(/\{([^{}/]+)\}/g)].map(([, name = '']) => name)
  if (/[{}?#]/.test(path.replaceAll(/\{[^{}/]+\}/g, ''))) {
    throw invalid(path, 'has a "?", a "#" or a brace without its other one')
  }
  if (new Set(names).size < names.length) throw invalid(path, 'names a parameter twice')
  return names
}

function checkGiven(path: string, names: readonly string[], given: readonly JsonObject[]): void {
  for (const { in: place, name } of given) {
    if (place === 'path' && !names.includes(String(name))) {
      throw invalid(path, `has no {${String(name)}}, which is among its parameters`)
    }
  }
}

function invalid(path: string, problem: string): HeartlineError {
  return new HeartlineError(openApiErrors.pathInvalid, { path, problem })
}
