/** `Date` of the current second: its text is made once for all heads of that second. */
let dateText = ''
let dateUntil = 0

function dateOf(unixMs: number): string {
  if (unixMs >= dateUntil || unixMs < dateUntil - 1_000) {
    dateText = new Date(unixMs).toUTCString()
    dateUntil = unixMs - (unixMs % 1_000) + 1_000
  }
  return dateText
}

/** The head of a stream that is framed in chunks. The fields were checked: none can split it. */
export function streamHead(
  fields: Readonly<Record<string, string>>,
  connection: 'keep-alive' | 'close',
  unixMs: number,
): string {
  let head = 'HTTP/1.1 200 OK\r\n'
  for (const name in fields) head += `${name}: ${fields[name]}\r\n`
  head += `Date: ${dateOf(unixMs)}\r\nConnection: ${connection}\r\n`
  return `${head}Transfer-Encoding: chunked\r\n\r\n`
}
