import { useInsertionEffect, useRef } from 'react'

/**
 * The value of the last rendering that was shown, for whoever is called later: an inline function or
 * object need not begin anything anew.
 */
export function useCurrent<Value>(value: Value): { readonly current: Value } {
  const ref = useRef(value)
  // Before all other effects, and silent on servers.
  useInsertionEffect(() => {
    ref.current = value
  })
  return ref
}
