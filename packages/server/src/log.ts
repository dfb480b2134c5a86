import { pino } from 'pino'
import type { Config } from './config/config.ts'
import { formatPretty } from './log-pretty.ts'

/** The part of a logger that the server uses. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** A logger that can write what it holds before the process ends. */
export interface ProcessLogger extends Logger {
  flush(): void
}

/**
 * Held when whoever reads the log is slower than we write; beyond it lines are dropped. A stalled
 * log must neither block the event loop nor fill the memory.
 */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024
const STDERR = 2

/**
 * Logs to stderr: JSON lines, or short lines for people on a terminal. Callers pass no tokens,
 * tickets, payloads or query strings; names that could hold one are removed besides.
 * @param fields Part of every line. Default: none.
 */
export function createLogger(
  settings: Config['log'],
  isTerminal: boolean,
  fields: object | null = null,
): ProcessLogger {
  const isPretty = settings.format === 'pretty' || (settings.format === 'auto' && isTerminal)
  const destination = pino.destination({
    dest: STDERR,
    sync: false,
    maxLength: MAX_BUFFERED_BYTES,
  })
  const sink = isPretty
    ? { write: (line: string) => void destination.write(formatPretty(line)) }
    : destination
  const log = createJsonLogger(settings.level, sink, fields)
  return Object.assign(log, { flush: () => destination.flushSync() })
}

/** The same into any sink of lines. */
export function createJsonLogger(
  level: Config['log']['level'],
  sink: { write(line: string): unknown },
  fields: object | null = null,
): Logger {
  const options = {
    level,
    base: fields,
    redact: { paths: SECRET_PATHS, censor: '[removed]' },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  }
  return pino(options, sink as { write(line: string): void })
}

const SECRET_NAMES = [
  'authorization',
  'token',
  'ticket',
  'secret',
  'data',
  'payload',
  'query',
  'url',
]
const SECRET_PATHS = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
