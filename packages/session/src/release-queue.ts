/** What lets go of something in a later turn. */
export interface Releasable {
  release(): void
}

let waiting: Releasable[] = []

/** Once the present code and the parser that called it have returned. One wait for all of a turn. */
export function releaseSoon(one: Releasable): void {
  if (waiting.push(one) === 1) setImmediate(releaseAll)
}

function releaseAll(): void {
  const all = waiting
  waiting = []
  for (const one of all) one.release()
}
