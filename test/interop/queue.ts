/** Begins the work for all items in order, so many at once. Nothing rejects unhandled. */
export function runQueued<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
  atOnce: number,
): ReadonlyMap<Item, Promise<Result>> {
  const results = new Map<Item, Promise<Result>>()
  const lanes: Promise<unknown>[] = Array.from({ length: atOnce }, () => Promise.resolve())
  for (const [index, item] of items.entries()) {
    const lane = index % atOnce
    const result = (lanes[lane] as Promise<unknown>).then(() => work(item))
    lanes[lane] = result.catch(() => {})
    results.set(item, result)
  }
  return results
}
