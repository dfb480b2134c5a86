/**
 * Who an identity is, as text: what stays the same while its credentials are renewed. A subject of
 * claims (`sub`, with its `iss`) is that one; any other identity is all that it says. Empty for
 * nobody.
 */
export function ownerOf(identity: unknown): string {
  if (identity === undefined || identity === null) return ''
  const { sub, iss } = identity as { sub?: unknown; iss?: unknown }
  return JSON.stringify(typeof sub === 'string' ? [sub, iss ?? null] : identity) ?? ''
}
