// 1, 2, 3 and 4 bytes long in UTF-8: a cut inside any of them must not change what arrives.
const LETTERS = ['a', 'é', '€', '𝄞']

/**
 * The data of event number `n`. The same for the same arguments, so that a reader can check all of
 * it, not only its number.
 */
export function numberedData(n: number, length = 24): string {
  const head = `{"n":${n},"text":"`
  let text = ''
  for (let index = 0; text.length < length; index++) text += LETTERS[(n + index) % LETTERS.length]
  return `${head}${text}"}`
}

/** Data of about `bytes` bytes that is cheap to make and to check. */
export function bulkData(n: number, bytes: number): string {
  const head = `{"n":${n},"text":"`
  return `${head}${'x'.repeat(Math.max(0, bytes - head.length - 2))}"}`
}

/** The number in the data, or NaN. */
export function numberOf(data: string): number {
  return data.startsWith('{"n":') ? Number.parseInt(data.slice(5, 20), 10) : Number.NaN
}
