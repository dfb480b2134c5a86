const OWN_FIELDS = new Set(['level', 'time', 'msg', 'err'])

interface Entry {
  readonly time?: string
  readonly level?: string
  readonly msg?: string
  readonly err?: { readonly stack?: string }
}

/** Writes one JSON log line for people: `12:00:01 info  message key=value`. */
export function formatPretty(line: string): string {
  const entry = JSON.parse(line) as Entry
  const time = (entry.time ?? '').slice(11, 19)
  const level = (entry.level ?? '').padEnd(5)
  const fields = Object.entries(entry)
    .filter(([name]) => !OWN_FIELDS.has(name))
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  const stack = entry.err?.stack
  const trace = stack === undefined ? '' : `\n${stack}`
  return `${time} ${level} ${entry.msg ?? ''}${fields.join('')}${trace}\n`
}
