/** One event of the story that every combination lives through. */
export interface StoryEvent {
  readonly n: number
  readonly type: string
  readonly data: string
}

/** What a reader got, in the words of the story. */
export interface TakenEvent extends StoryEvent {
  readonly id: string
}

/**
 * Several lines, an empty one, one that looks like a comment and one like a field, characters of 1
 * to 4 bytes; every third event has a name.
 */
export function storyEvent(n: number): StoryEvent {
  const data = `${n}\nzwei é € 𝄞 日本語 🎉\n\n: four\nid: five ${'𝄞€'.repeat(n % 7)}`
  return { n, type: n % 3 === 0 ? 'price' : 'message', data }
}

export function storyEvents(first: number, last: number): StoryEvent[] {
  return Array.from({ length: last - first + 1 }, (_, index) => storyEvent(first + index))
}

/** The number in the data, or NaN. */
export function storyNumber(data: string): number {
  return Number.parseInt(data, 10)
}
