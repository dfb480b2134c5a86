import { z } from 'zod'
import type { Config } from './config.ts'
import { about, byteSize, duration, listenAddress, storeSetting, workerCount } from './kinds.ts'
import { limitsShape } from './limits-shape.ts'
import { upstreamShape } from './upstream-shape.ts'

const DAY = 86_400_000
const GIB = 2 ** 30
const FOREVER = 3650 * DAY
const count = (min: number, max: number): z.ZodInt => z.int().min(min).max(max)
const text = z.string().min(1)

/** One rule of `namespaces`. */
const namespace = z.strictObject({
  topics: z.string().min(1),
  history: z.enum(['all', 'latest', 'none']).optional(),
  historyMaxAgeMs: duration({ min: 0, max: FOREVER }).optional(),
  presence: z.boolean().optional(),
  slowPolicy: z.enum(['catch-up', 'latest', 'disconnect']).optional(),
  heartbeatMs: duration({ min: 1000, max: 600_000, zero: true }).optional(),
  private: z.boolean().optional(),
})

const disk = z.strictObject({
  fsync: z
    .enum(['always', 'interval', 'never'])
    .prefault('always')
    .meta(
      about({
        kind: 'string',
        description:
          'When the log is forced to the disk: before each acknowledgement, every `disk.fsyncIntervalMs`, or when the system likes.',
      }),
    ),
  fsyncIntervalMs: duration({ min: 1, max: 60_000 })
    .prefault('100ms')
    .meta(about({ kind: 'duration', description: 'Used by `disk.fsync: interval`.' })),
})

const retention = z.strictObject({
  maxEntries: count(1, 1e9)
    .optional()
    .meta(
      about({
        kind: 'integer',
        description: 'Events kept. Unset: 100,000 in memory, 1,000,000 on disk.',
      }),
    ),
  maxAgeMs: duration({ min: 0, max: FOREVER })
    .optional()
    .meta(
      about({ kind: 'duration', description: 'Older events are removed. Unset or 0: no limit.' }),
    ),
  maxBytes: byteSize({ min: 1024, max: 1024 * GIB })
    .optional()
    .meta(
      about({
        kind: 'size',
        description: 'Bytes of data kept. Unset: 8 MiB in memory, 1 GiB on disk.',
      }),
    ),
})

const session = z.strictObject({
  maxBlockedMs: duration({ min: 1000, max: DAY, zero: true })
    .prefault('1m')
    .meta(
      about({
        kind: 'duration',
        description:
          'A reader that takes nothing for so long is cut with the reason `blocked`. 0: never.',
      }),
    ),
  kernelEvidence: z
    .enum(['auto', 'off'])
    .prefault('auto')
    .meta(
      about({
        kind: 'string',
        description:
          'Find readers that vanished without closing by what the kernel waits for in vain (Linux). `off`: do not look.',
      }),
    ),
  maxUnacknowledgedMs: duration({ min: 1000, max: 3_600_000 })
    .prefault('10s')
    .meta(
      about({
        kind: 'duration',
        description:
          'A reader whose system acknowledged nothing for so long, though bytes were sent to it again and again, is cut with the reason `unreachable`.',
      }),
    ),
  maxAgeMs: duration({ min: 1000, max: FOREVER, zero: true })
    .prefault(0)
    .meta(
      about({
        kind: 'duration',
        description: 'Streams are ended in good order before this age (jittered). 0: never.',
      }),
    ),
  seam: z
    .enum(['auto', 'handle', 'socket', 'response'])
    .prefault('auto')
    .meta(
      about({
        kind: 'string',
        description:
          'How bytes get to readers over HTTP/1. `auto`: the fastest way that a self-test at the start finds to work; `handle`: the native handle of the socket or nothing; `socket`, `response`: public interfaces of Node only, at 1.1 and 1.5 times the cost.',
      }),
    ),
  ioUring: z
    .enum(['auto', 'off'])
    .prefault('auto')
    .meta(
      about({
        kind: 'string',
        description:
          'Whether one system call sends to many readers where Linux allows it (io_uring, with the optional package koffi): a fan-out costs a sixth less.',
      }),
    ),
  minFlushMs: duration({ min: 0, max: 10_000 })
    .prefault(0)
    .meta(
      about({
        kind: 'duration',
        flag: '--min-flush',
        description:
          'Least time between two writes to a reader: what is published meanwhile leaves together. Saves CPU under many small events and adds at most this to their latency; the first event after a pause leaves at once.',
      }),
    ),
  cohortLogBytes: byteSize({ min: 4096, max: GIB })
    .prefault('1MiB')
    .meta(
      about({
        kind: 'size',
        description:
          'Shared log kept for readers that fall behind, per group of readers with the same selectors.',
      }),
    ),
})

const keys = z.strictObject({
  secret: text.optional().meta(
    about({
      kind: 'string',
      flag: '--key-secret',
      secret: true,
      description:
        'Shared secret of HS256 tokens, 32 bytes or more. Prefer `auth.keys.secretFile`: other users of the machine can see flags.',
    }),
  ),
  secretFile: text.optional().meta(
    about({
      kind: 'string',
      flag: '--key-secret-file',
      description: 'File with the secret. One newline at its end is ignored.',
    }),
  ),
  publicKeyFile: text.optional().meta(
    about({
      kind: 'string',
      flag: '--public-key-file',
      description: 'PEM file with a public key or certificate: RS256, ES256 or EdDSA.',
    }),
  ),
  jwksFile: text
    .optional()
    .meta(
      about({ kind: 'string', flag: '--jwks-file', description: 'File with a JSON Web Key Set.' }),
    ),
  jwksUrl: text.optional().meta(
    about({
      kind: 'string',
      flag: '--jwks-url',
      description:
        'Address of a JSON Web Key Set: https, or http on loopback. Cached, fetched again for unknown keys.',
    }),
  ),
})

const auth = z.strictObject({
  keys: keys.prefault({}),
  algorithms: z
    .array(z.enum(['HS256', 'RS256', 'ES256', 'EdDSA']))
    .prefault([])
    .meta(
      about({
        kind: 'list',
        flag: '--algorithms',
        description: 'Accepted algorithms. Empty: those the keys are made for.',
      }),
    ),
  issuer: text
    .optional()
    .meta(about({ kind: 'string', flag: '--issuer', description: 'Required `iss` of tokens.' })),
  audience: text
    .optional()
    .meta(about({ kind: 'string', flag: '--audience', description: 'Required `aud` of tokens.' })),
  clockTolerance: duration({ min: 0, max: 300_000 })
    .prefault('0s')
    .meta(
      about({
        kind: 'duration',
        flag: '--clock-tolerance',
        description: 'How far the clock of the issuer may be off.',
      }),
    ),
  anonymous: z
    .boolean()
    .prefault(false)
    .meta(
      about({
        kind: 'boolean',
        flag: '--anonymous',
        description: 'Public events may be read without a token.',
      }),
    ),
})

const cors = z
  .strictObject({
    origins: z
      .array(text)
      .prefault([])
      .meta(
        about({
          kind: 'list',
          description:
            'Origins whose pages may call the hub, written exactly (`https://app.example`), or `*`.',
        }),
      ),
    credentials: z
      .boolean()
      .prefault(false)
      .meta(
        about({ kind: 'boolean', description: 'Whether they may send cookies. Never with `*`.' }),
      ),
  })
  .refine((value) => !(value.credentials && value.origins.includes('*')), {
    message: 'credentials cannot be allowed to every origin; list the origins',
    path: ['credentials'],
  })

const shape = z
  .strictObject({
    listen: listenAddress.prefault('127.0.0.1:8420').meta(
      about({
        kind: 'string',
        placeholder: 'address',
        description:
          'Address to listen on: `HOST:PORT`, `:PORT` (all addresses), `[::1]:PORT`, or `unix:PATH`. Port 0: any free one.',
      }),
    ),
    frontDoor: z
      .enum(['on', 'off'])
      .prefault('on')
      .meta(
        about({
          kind: 'string',
          description:
            'Whether streams and short publishes over plain HTTP are read by a parser of our own, which costs a fraction. `off`: all by that of Node.',
        }),
      ),
    store: storeSetting.prefault('memory').meta(
      about({
        kind: 'string',
        placeholder: 'store',
        description:
          'Where the log is kept: `memory`, `disk:DIRECTORY`, or at another hub: `relay:URL` (`http://HOST:PORT`, `https://HOST:PORT`, `unix:/PATH`).',
      }),
    ),
    workers: workerCount.prefault(1).meta(
      about({
        kind: 'string',
        placeholder: 'number',
        description:
          'Processes that serve readers, besides the one that keeps the log. 1: a single process for all. `auto` or 0: one for each core. Of `heartline serve` only.',
      }),
    ),
    upstream: upstreamShape.prefault({}),
    disk: disk.prefault({}),
    retention: retention.prefault({}),
    heartbeat: duration({ min: 1000, max: 600_000, zero: true })
      .prefault('15s')
      .meta(
        about({
          kind: 'duration',
          description: 'Sent to readers that got nothing else for so long. 0: off.',
        }),
      ),
    heartbeatKind: z
      .enum(['comment', 'event'])
      .prefault('comment')
      .meta(
        about({
          kind: 'string',
          description: 'A comment, or an event named `heartbeat` that an EventSource can see.',
        }),
      ),
    retry: duration({ min: 0, max: 600_000 })
      .prefault('2s')
      .meta(
        about({
          kind: 'duration',
          description: 'Reconnection time told to readers; up to half is added at random.',
        }),
      ),
    session: session.prefault({}),
    namespaces: z
      .array(namespace)
      .prefault([])
      .meta(
        about({
          kind: 'json',
          description:
            'Rules by topic; the first whose `topics` selector matches counts. Fields: `topics`, `history` (all, latest, none), `historyMaxAgeMs`, `presence`, `slowPolicy` (catch-up, latest, disconnect), `heartbeatMs`, `private`.',
        }),
      ),
    auth: auth.prefault({}),
    cors: cors.prefault({}),
    limits: limitsShape,
    drain: z
      .strictObject({
        deadlineMs: duration({ min: 0, max: 3_600_000 })
          .prefault('10s')
          .meta(
            about({
              kind: 'duration',
              flag: '--drain-deadline',
              description: 'On SIGTERM all streams are ended in good order, spread over this time.',
            }),
          ),
      })
      .prefault({}),
    log: z
      .strictObject({
        level: z
          .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
          .prefault('info')
          .meta(about({ kind: 'string', description: 'Requests are logged at `debug`.' })),
        format: z
          .enum(['auto', 'json', 'pretty'])
          .prefault('auto')
          .meta(
            about({
              kind: 'string',
              description: '`auto`: pretty on a terminal, else JSON lines.',
            }),
          ),
      })
      .prefault({}),
    metrics: z
      .strictObject({
        enabled: z
          .boolean()
          .prefault(true)
          .meta(about({ kind: 'boolean', flag: '--metrics', description: 'Serve `/metrics`.' })),
        access: z
          .enum(['open', 'admin'])
          .prefault('open')
          .meta(about({ kind: 'string', description: '`admin`: scraping needs an admin token.' })),
      })
      .prefault({}),
    console: z
      .strictObject({
        enabled: z
          .boolean()
          .prefault(true)
          .meta(
            about({ kind: 'boolean', flag: '--console', description: 'Serve the console at `/`.' }),
          ),
      })
      .prefault({}),
    tls: z
      .strictObject({
        certFile: text.optional().meta(
          about({
            kind: 'string',
            description: 'PEM certificate chain. With `tls.keyFile`: HTTP/2 and HTTP/1.1 over TLS.',
          }),
        ),
        keyFile: text
          .optional()
          .meta(about({ kind: 'string', description: 'PEM private key of the certificate.' })),
      })
      .refine((value) => (value.certFile === undefined) === (value.keyFile === undefined), {
        message: 'certFile and keyFile belong together; set both or none',
      })
      .prefault({}),
  })
  .meta({ title: 'Heartline configuration' })

/** The single source of truth of what can be set: shape, defaults, descriptions, flags. */
export const configSchema: z.ZodType<Config> = shape

/** Keys of one rule of `namespaces`, for hints. */
export const namespaceKeys: readonly string[] = Object.keys(namespace.shape)
