import { expect, it } from 'vitest'
import { Utf8Stream } from '../src/utf8.ts'

const LENGTHS = Array.from({ length: 10 }, (_, index) => index)

it.each(LENGTHS)('%i bytes are decoded as TextDecoder decodes them', (length) => {
  const ascii = Uint8Array.from({ length }, (_, index) => (index * 37 + 10) % 128)
  expect(new Utf8Stream().decode(ascii)).toBe(new TextDecoder().decode(ascii))
  for (let at = 0; at < length; at++) {
    for (const byte of [0, 0x7f, 0x80, 0xc3, 0xff]) {
      const bytes = ascii.with(at, byte)
      const streamed = new TextDecoder('utf-8', { ignoreBOM: true })
      const stream = new Utf8Stream()
      const given = [bytes, Uint8Array.of(0xa9, 0x61), Uint8Array.of(0x62)]
      const expected = given.map((chunk) => streamed.decode(chunk, { stream: true }))
      expect([...given.map((chunk) => stream.decode(chunk)), stream.flush()]).toEqual([
        ...expected,
        streamed.decode(),
      ])
    }
  }
})
