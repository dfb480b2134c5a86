import { readFileSync } from 'node:fs'
import { parseUpstreamUrl } from '@heartline/broker-relay'
import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'
import type { Config } from './config.ts'

/** `--upstream URL` is the short form of `--store relay:URL`. Throws `HL_CONFIG_INVALID`. */
export function applyUpstream(config: Config, nameOf: (path: string) => string): Config {
  const { store, upstream } = config
  if (upstream.url === undefined) return config
  if (parseUpstreamUrl(upstream.url) === undefined) {
    const reason = 'must be http://HOST:PORT, https://HOST:PORT or unix:/PATH'
    throw new HeartlineError(serverErrors.configInvalid, { where: nameOf('upstream.url'), reason })
  }
  const isSame = store.kind === 'relay' && store.url === upstream.url
  if (store.kind !== 'memory' && !isSame) {
    const reason = 'a hub with an upstream keeps no log of its own; set store or upstream, not both'
    throw new HeartlineError(serverErrors.configInvalid, { where: nameOf('upstream.url'), reason })
  }
  return { ...config, store: { kind: 'relay', url: upstream.url } }
}

/**
 * The token that this hub shows its upstream. The file is read again for each connection, so that a
 * new token can be put there in time. Throws `HL_CONFIG_INVALID` when it cannot be read now.
 */
export function upstreamToken({ token, tokenFile }: Config['upstream']): () => string | undefined {
  if (token !== undefined || tokenFile === undefined) return () => token
  let last = readToken(tokenFile)
  return () => {
    try {
      last = readToken(tokenFile)
    } catch {
      // It may be in the middle of its replacement: the one before may still be good.
    }
    return last
  }
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const where = 'upstream.tokenFile'
    throw new HeartlineError(serverErrors.configInvalid, { where, reason }, cause)
  }
}
