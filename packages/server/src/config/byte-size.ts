const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
}

/** What a size setting takes: `512KiB`, `1MiB`, `2GiB`, `1MB`, or a number of bytes. */
export const BYTE_SIZE_PATTERN: RegExp = /^\d+(\.\d+)?(B|KiB|MiB|GiB|kB|MB|GB)?$/

/** Reads a size as bytes. Undefined when it is not one. */
export function parseByteSize(value: string | number): number | undefined {
  if (typeof value === 'number') return wholeNumber(value)
  const [, amount, unit = 'B'] = /^(\d+(?:\.\d+)?)([A-Za-z]+)?$/.exec(value.trim()) ?? []
  const factor = UNITS[unit]
  return amount === undefined || factor === undefined
    ? undefined
    : wholeNumber(Number(amount) * factor)
}

function wholeNumber(value: number): number | undefined {
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
