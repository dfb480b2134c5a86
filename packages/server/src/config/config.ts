import type { NamespaceOptions } from '@heartline/hub'
import type { ListenAddress } from './listen-address.ts'
import type { StoreSetting } from './store.ts'

/** Algorithms a token may be signed with. */
export type TokenAlgorithm = 'HS256' | 'RS256' | 'ES256' | 'EdDSA'

/** Where the keys that tokens are checked with come from. Several may be set at once. */
export interface KeySettings {
  readonly secret?: string | undefined
  readonly secretFile?: string | undefined
  readonly publicKeyFile?: string | undefined
  readonly jwksFile?: string | undefined
  readonly jwksUrl?: string | undefined
}

/** Who may do what. */
export interface AuthSettings {
  readonly keys: KeySettings
  /** Empty = what the keys are made for. */
  readonly algorithms: readonly TokenAlgorithm[]
  readonly issuer?: string | undefined
  readonly audience?: string | undefined
  /** Milliseconds. */
  readonly clockTolerance: number
  readonly anonymous: boolean
}

/** Bounds of what one request may cost. */
export interface LimitSettings {
  readonly maxBodyBytes: number
  readonly maxNdjsonLineBytes: number
  readonly maxNdjsonEvents: number
  readonly maxHeaderBytes: number
  readonly maxEventBytes: number
  readonly maxTopicLength: number
  readonly maxSelectors: number
  readonly maxSessions: number
  readonly bodyTimeoutMs: number
}

/** Everything the server can be told, resolved: durations in milliseconds, sizes in bytes. */
export interface Config {
  readonly listen: ListenAddress
  readonly frontDoor: 'on' | 'off'
  readonly store: StoreSetting
  /** The hub whose log is served, and what it is shown. `url` is in `store` as well. */
  readonly upstream: {
    readonly url?: string | undefined
    readonly token?: string | undefined
    readonly tokenFile?: string | undefined
  }
  /** 0 = one for each core. */
  readonly workers: number
  readonly disk: {
    readonly fsync: 'always' | 'interval' | 'never'
    readonly fsyncIntervalMs: number
  }
  /** Undefined = the store's own default. */
  readonly retention: {
    readonly maxEntries?: number | undefined
    readonly maxAgeMs?: number | undefined
    readonly maxBytes?: number | undefined
  }
  readonly heartbeat: number
  readonly heartbeatKind: 'comment' | 'event'
  readonly retry: number
  readonly session: {
    readonly maxBlockedMs: number
    readonly kernelEvidence: 'auto' | 'off'
    readonly maxUnacknowledgedMs: number
    readonly maxAgeMs: number
    readonly seam: 'auto' | 'handle' | 'socket' | 'response'
    readonly ioUring: 'auto' | 'off'
    readonly minFlushMs: number
    readonly cohortLogBytes: number
  }
  readonly namespaces: readonly NamespaceOptions[]
  readonly auth: AuthSettings
  readonly cors: { readonly origins: readonly string[]; readonly credentials: boolean }
  readonly limits: LimitSettings
  readonly drain: { readonly deadlineMs: number }
  readonly log: {
    readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
    readonly format: 'auto' | 'json' | 'pretty'
  }
  readonly metrics: { readonly enabled: boolean; readonly access: 'open' | 'admin' }
  readonly console: { readonly enabled: boolean }
  readonly tls: { readonly certFile?: string | undefined; readonly keyFile?: string | undefined }
}
