import { z } from 'zod'
import { BYTE_SIZE_PATTERN, parseByteSize } from './byte-size.ts'
import { DURATION_PATTERN, parseDuration } from './duration.ts'
import { parseListenAddress, type ListenAddress } from './listen-address.ts'
import { parseStore, type StoreSetting } from './store.ts'
import { MAX_WORKERS, parseWorkerCount } from './worker-count.ts'

const WORKERS_FORM = `must be a whole number from 0 to ${MAX_WORKERS}, or auto`

/** How a setting is written in the environment and on the command line. */
export type SettingKind = 'string' | 'boolean' | 'integer' | 'duration' | 'size' | 'list' | 'json'

/** What is known of a setting beside its shape. */
export interface SettingMeta {
  readonly description: string
  readonly kind: SettingKind
  /** Command line flag. Default: the path in kebab case. */
  readonly flag?: string | undefined
  /** What help calls a value that is text. Default: `file` or `url` where the key ends so, else `text`. */
  readonly placeholder?: string | undefined
  /** Never printed. */
  readonly secret?: boolean | undefined
}

interface Bounds {
  readonly min: number
  readonly max: number
  /** Zero is allowed besides, and means off. */
  readonly zero?: boolean | undefined
}

/** Types the metadata, which zod itself leaves open. */
export function about(meta: SettingMeta): SettingMeta & Record<string, unknown> {
  return { ...meta }
}

/** A duration between two bounds in milliseconds. */
export function duration(bounds: Bounds): z.ZodType<number, number | string> {
  return amount(DURATION_PATTERN, parseDuration, {
    bounds,
    form: 'a duration such as 500ms, 1s, 2m, or a number of milliseconds',
  })
}

/** A size between two bounds in bytes. */
export function byteSize(bounds: Bounds): z.ZodType<number, number | string> {
  return amount(BYTE_SIZE_PATTERN, parseByteSize, {
    bounds,
    form: 'a size such as 512KiB, 1MiB, or a number of bytes',
  })
}

/** `host:port` or `unix:path`. */
export const listenAddress: z.ZodType<ListenAddress, string> = parsed(
  parseListenAddress,
  'must be HOST:PORT, :PORT, [IPv6]:PORT or unix:PATH, e.g. 127.0.0.1:8420',
)

/** `memory`, `disk:DIRECTORY` or `relay:URL`. */
export const storeSetting: z.ZodType<StoreSetting, string> = parsed(
  parseStore,
  'must be memory, disk:DIRECTORY or relay:URL (http://HOST:PORT, https://HOST:PORT, unix:/PATH)',
)

/** A number of processes, or `auto` for 0. */
export const workerCount: z.ZodType<number, number | string> = z
  .union([z.number(), z.string()], { error: WORKERS_FORM })
  .transform((given, context): number => {
    const count = parseWorkerCount(given)
    if (count !== undefined) return count
    context.addIssue({ code: 'custom', message: WORKERS_FORM })
    return z.NEVER
  })

function parsed<Value>(
  parse: (text: string) => Value | undefined,
  message: string,
): z.ZodType<Value, string> {
  return z.string().transform((text, context): Value => {
    const value = parse(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
}

function amount(
  pattern: RegExp,
  parse: (value: string | number) => number | undefined,
  rule: { bounds: Bounds; form: string },
): z.ZodType<number, number | string> {
  const { bounds, form } = rule
  const input = z.union([z.number(), z.string().regex(pattern, `must be ${form}`)], {
    error: `must be ${form}`,
  })
  return input.transform((given, context): number => {
    const value = parse(given)
    if (value === undefined) {
      context.addIssue({ code: 'custom', message: `must be ${form}` })
      return z.NEVER
    }
    const inside = value >= bounds.min && value <= bounds.max
    if (inside || (value === 0 && bounds.zero === true)) return value
    const orZero = bounds.zero === true ? '0 (off) or ' : ''
    const message = `must be ${orZero}between ${bounds.min} and ${bounds.max}, not ${value}`
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
}
