/** Not through `URL`, which throws for targets that a client can send. */
export function queryOf(url: string): URLSearchParams {
  const [path = ''] = url.split('#', 1)
  const start = path.indexOf('?')
  return new URLSearchParams(start === -1 ? '' : path.slice(start))
}
