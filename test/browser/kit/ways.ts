/** The two ways in which tabs find each other: their options, by name. */
export const WAYS: readonly (readonly [string, { readonly worker?: string }])[] = [
  ['a lock and a channel', {}],
  ['a shared worker', { worker: '/worker.js' }],
]
