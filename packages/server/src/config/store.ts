/** Where the log is kept. */
export type StoreSetting =
  | { readonly kind: 'memory' }
  | { readonly kind: 'disk'; readonly directory: string }

/** Reads `memory` or `disk:DIRECTORY`. Undefined when it is neither. */
export function parseStore(text: string): StoreSetting | undefined {
  if (text === 'memory') return { kind: 'memory' }
  const directory = text.startsWith('disk:') ? text.slice('disk:'.length) : ''
  return directory === '' ? undefined : { kind: 'disk', directory }
}
