import { optionInvalid, toError } from './errors.ts'

/**
 * The numbers that were given, and the defaults of the others.
 *
 * @throws HeartlineError `HL_CLIENT_OPTION_INVALID`
 */
export function resolveNumbers<Numbers extends object>(
  defaults: Numbers,
  given: { readonly [Name in keyof Numbers]?: Numbers[Name] | undefined } = {},
): Numbers {
  const resolved = { ...defaults }
  for (const option of Object.keys(defaults) as (keyof Numbers & string)[]) {
    const value = given[option] ?? defaults[option]
    const isGood = (value as number) > 0 || (value === 0 && option !== 'maxEventLength')
    // Without a default, it is filled in where it is used.
    if (value !== undefined && !isGood) {
      throw toError(optionInvalid, { option, problem: 'is no number above 0' })
    }
    resolved[option] = value
  }
  return resolved
}
