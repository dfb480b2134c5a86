/** Words of an IPv6 address, 16 bits each. */
const WORDS = 8
/** What an IPv4 address begins with when an IPv6 socket carries it: `::ffff:a.b.c.d`. */
const MAPPED = '00000000000000000000ffff'
const NO_WORD = -1

/**
 * One form for both families, so that addresses from different sources can be compared: 8 lower
 * case hex digits for IPv4 (also when an IPv6 socket carries it), 32 for IPv6. Undefined for text
 * that is no address. A zone (`%eth0`) is left out.
 */
export function addressKey(text: string): string | undefined {
  const zone = text.indexOf('%')
  const address = zone === -1 ? text : text.slice(0, zone)
  return address.includes(':') ? keyOfIpv6(address) : keyOfIpv4(address)
}

/**
 * The key of an address as the kernel prints it: 32-bit words in hex, each in the byte order of
 * the machine.
 */
export function keyOfKernelHex(hex: string, littleEndian: boolean): string {
  let key = ''
  for (let word = 0; word < hex.length; word += 8) {
    const digits = hex.slice(word, word + 8)
    key += littleEndian ? swapBytes(digits) : digits
  }
  return withoutMapping(key.toLowerCase())
}

function swapBytes(digits: string): string {
  return digits.slice(6, 8) + digits.slice(4, 6) + digits.slice(2, 4) + digits.slice(0, 2)
}

function withoutMapping(key: string): string {
  return key.startsWith(MAPPED) ? key.slice(MAPPED.length) : key
}

function keyOfIpv4(text: string): string | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let key = ''
  for (const part of parts) {
    const byte = /^\d{1,3}$/.test(part) ? Number(part) : 256
    if (byte > 255) return undefined
    key += byte.toString(16).padStart(2, '0')
  }
  return key
}

function keyOfIpv6(text: string): string | undefined {
  const halves = text.split('::')
  const [front = '', back] = halves
  const first = wordsOf(front)
  const last = wordsOf(back ?? '')
  const missing = WORDS - first.length - last.length
  const isWhole = back === undefined ? missing === 0 : missing >= 0
  if (halves.length > 2 || !isWhole) return undefined
  const words = [...first, ...Array.from({ length: missing }, () => 0), ...last]
  if (words.includes(NO_WORD)) return undefined
  return withoutMapping(words.map((word) => word.toString(16).padStart(4, '0')).join(''))
}

/** The last part may be an IPv4 address, which is two words. */
function wordsOf(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((part) => {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) return [Number.parseInt(part, 16)]
    const ipv4 = Number.parseInt(keyOfIpv4(part) ?? '', 16)
    return Number.isNaN(ipv4) ? [NO_WORD] : [ipv4 >>> 16, ipv4 & 0xffff]
  })
}
