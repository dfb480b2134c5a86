import { crc32 } from 'node:zlib'

export const PUBLISHERS = 64

export function topicOf(publisher: number): string {
  return `publisher/${publisher}`
}

export function publishIdOf(publisher: number, number: number): string {
  return `${publisher}-${number}`
}

/** `<publisher> <number> <filling> <checksum>`, about 200 bytes. */
export function eventData(publisher: number, number: number): string {
  const text = `${publisher} ${number} ${'x'.repeat(180)}`
  return `${text} ${crc32(text)}`
}

/** Undefined when the checksum does not hold. */
export function parseEvent(data: string): { publisher: number; number: number } | undefined {
  const end = data.lastIndexOf(' ')
  const text = data.slice(0, end)
  if (crc32(text) !== Number(data.slice(end + 1))) return undefined
  const [publisher = 0, number = 0] = text.split(' ').map(Number)
  return { publisher, number }
}
