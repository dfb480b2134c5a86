import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HeartlineError } from '@heartline/wire'
import { describe, expect, it } from 'vitest'
import { defaultTree } from '../../src/config/defaults.ts'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import { checkConfig, defaultConfig, loadConfig } from '../../src/config/load.ts'
import { settings } from '../../src/config/setting.ts'

function directoryWith(content: unknown): string {
  const directory = mkdtempSync(join(tmpdir(), 'heartline-config-'))
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  writeFileSync(join(directory, 'heartline.json'), text)
  return directory
}

function problemsOf(tree: unknown): [code: string, message: string][] {
  const problems: HeartlineError[] = []
  checkConfig(tree, problems)
  return problems.map(({ code, message }) => [code, message])
}

function thrown(run: () => unknown): HeartlineError {
  try {
    run()
  } catch (error) {
    if (error instanceof HeartlineError) return error
  }
  throw new Error('nothing was thrown')
}

describe('defaults', () => {
  it('are pinned', () => {
    expect(defaultConfig()).toEqual({
      listen: { host: '127.0.0.1', port: 8420 },
      frontDoor: 'on',
      store: { kind: 'memory' },
      workers: 1,
      upstream: {},
      disk: { fsync: 'always', fsyncIntervalMs: 100 },
      retention: {},
      heartbeat: 15_000,
      heartbeatKind: 'comment',
      retry: 2000,
      session: {
        maxBlockedMs: 60_000,
        kernelEvidence: 'auto',
        maxUnacknowledgedMs: 10_000,
        maxAgeMs: 0,
        seam: 'auto',
        ioUring: 'auto',
        minFlushMs: 0,
        cohortLogBytes: 1_048_576,
      },
      namespaces: [],
      auth: { keys: {}, algorithms: [], clockTolerance: 0, anonymous: false },
      cors: { origins: [], credentials: false },
      limits: {
        maxBodyBytes: 1_048_576,
        maxNdjsonLineBytes: 1_048_576,
        maxNdjsonEvents: 100_000,
        maxHeaderBytes: 16_384,
        maxEventBytes: 1_048_576,
        maxTopicLength: 256,
        maxSelectors: 100,
        maxSessions: 0,
        bodyTimeoutMs: 30_000,
      },
      drain: { deadlineMs: 10_000 },
      log: { level: 'info', format: 'auto' },
      metrics: { enabled: true, access: 'open' },
      console: { enabled: true },
      tls: {},
    })
  })

  it('that are printed are a valid file with the same meaning', () => {
    const directory = directoryWith(defaultTree())
    expect(loadConfig({ directory })).toEqual(defaultConfig())
  })
})

describe('precedence', () => {
  it('is flags, environment, file, defaults', () => {
    const directory = directoryWith({
      heartbeat: '1s',
      retry: '1s',
      store: 'disk:file',
      listen: ':1',
    })
    const config = loadConfig({
      directory,
      environment: { HEARTLINE_RETRY: '3s', HEARTLINE_STORE: 'disk:environment' },
      flags: new Map([['store', 'disk:flag']]),
    })
    expect(config.listen).toEqual({ host: undefined, port: 1 })
    expect(config.heartbeat).toBe(1000)
    expect(config.retry).toBe(3000)
    expect(config.store).toEqual({ kind: 'disk', directory: 'flag' })
    expect(config.drain.deadlineMs).toBe(10_000)
  })

  it('takes the file that is named, then HEARTLINE_CONFIG, then heartline.json', () => {
    const here = directoryWith({ retry: 1 })
    const other = join(directoryWith({ retry: 2 }), 'heartline.json')
    const third = join(directoryWith({ retry: 3 }), 'heartline.json')
    expect(loadConfig({ directory: here }).retry).toBe(1)
    const environment = { HEARTLINE_CONFIG: other }
    expect(loadConfig({ directory: here, environment }).retry).toBe(2)
    expect(loadConfig({ directory: here, environment, file: third }).retry).toBe(3)
  })

  it('keeps what the file says beside a nested value of the environment', () => {
    const directory = directoryWith({ auth: { issuer: 'file', audience: 'file' } })
    const { auth } = loadConfig({
      directory,
      environment: { HEARTLINE_AUTH_ISSUER: 'environment' },
    })
    expect([auth.issuer, auth.audience]).toEqual(['environment', 'file'])
  })
})

describe('environment', () => {
  it('reads numbers, booleans, lists, JSON, durations, sizes, and short names', () => {
    const config = loadConfig({
      environment: {
        HEARTLINE_MAX_SESSIONS: '5',
        HEARTLINE_CORS_CREDENTIALS: 'true',
        HEARTLINE_CORS_ORIGINS: 'https://a.example, https://b.example',
        HEARTLINE_NAMESPACES: '[{"topics":"a/**","history":"latest"}]',
        HEARTLINE_DRAIN_DEADLINE: '2m',
        HEARTLINE_LIMITS_MAX_BODY_BYTES: '2MiB',
        HEARTLINE_KEY_SECRET: 's',
      },
    })
    expect(config.limits.maxSessions).toBe(5)
    expect(config.cors).toEqual({
      origins: ['https://a.example', 'https://b.example'],
      credentials: true,
    })
    expect(config.namespaces).toEqual([{ topics: 'a/**', history: 'latest' }])
    expect(config.drain.deadlineMs).toBe(120_000)
    expect(config.limits.maxBodyBytes).toBe(2_097_152)
    expect(config.auth.keys.secret).toBe('s')
  })

  it('refuses an unknown variable and names the nearest', () => {
    const error = thrown(() => loadConfig({ environment: { HEARTLINE_LISTN: 'x' } }))
    expect(error.code).toBe('HL_CONFIG_UNKNOWN_KEY')
    expect(error.message).toContain('HEARTLINE_LISTN')
    expect(error.message).toContain('Did you mean "HEARTLINE_LISTEN"?')
  })

  it('lets be what Kubernetes injects for a service called heartline', () => {
    const environment = {
      HEARTLINE_SERVICE_HOST: '10.0.0.1',
      HEARTLINE_SERVICE_PORT: '8420',
      HEARTLINE_PORT: 'tcp://10.0.0.1:8420',
      HEARTLINE_PORT_8420_TCP_ADDR: '10.0.0.1',
    }
    expect(loadConfig({ environment })).toEqual(defaultConfig())
  })

  it('names the variable whose value is wrong, and never its secret', () => {
    const error = thrown(() => loadConfig({ environment: { HEARTLINE_HEARTBEAT: 'soon' } }))
    expect(error.message).toMatch(/^HEARTLINE_HEARTBEAT: must be a duration/)
    const secret = thrown(() =>
      loadConfig({ environment: { HEARTLINE_KEY_SECRET: 'hush', HEARTLINE_RETRY: 'x' } }),
    )
    expect(secret.message).not.toContain('hush')
  })
})

describe('an upstream', () => {
  it('is the store, however it is written', () => {
    const store = { kind: 'relay', url: 'http://127.0.0.1:1' }
    expect(loadConfig({ flags: new Map([['upstream.url', store.url]]) }).store).toEqual(store)
    const environment = { HEARTLINE_UPSTREAM: store.url, HEARTLINE_UPSTREAM_TOKEN: 't' }
    expect(loadConfig({ environment })).toMatchObject({ store, upstream: { token: 't' } })
    const both = new Map([
      ['upstream.url', store.url],
      ['store', `relay:${store.url}`],
    ])
    expect(loadConfig({ flags: both }).store).toEqual(store)
  })
})

describe('problems', () => {
  it.each([
    [{ lisen: ':1' }, 'HL_CONFIG_UNKNOWN_KEY', 'Did you mean "listen"?'],
    [{ limits: { maxBody: 1 } }, 'HL_CONFIG_UNKNOWN_KEY', 'Did you mean "maxBodyBytes"?'],
    [{ namespaces: [{ topic: 'a' }] }, 'HL_CONFIG_INVALID', 'namespaces.0.topics'],
    [{ namespaces: [{ topics: 'a', histroy: 'all' }] }, 'HL_CONFIG_UNKNOWN_KEY', '"history"'],
    [{ listen: 'nowhere' }, 'HL_CONFIG_INVALID', 'HOST:PORT'],
    [{ listen: ':99999' }, 'HL_CONFIG_INVALID', 'HOST:PORT'],
    [{ store: 'disk:' }, 'HL_CONFIG_INVALID', 'memory, disk:DIRECTORY or relay:URL'],
    [{ store: 'relay:ftp://x' }, 'HL_CONFIG_INVALID', 'memory, disk:DIRECTORY or relay:URL'],
    [{ store: 'disk:x', upstream: { url: 'http://x' } }, 'HL_CONFIG_INVALID', 'not both'],
    [{ upstream: { url: 'nowhere' } }, 'HL_CONFIG_INVALID', 'http://HOST:PORT'],
    [{ heartbeat: '20m' }, 'HL_CONFIG_INVALID', 'between 1000 and 600000'],
    [{ heartbeat: 500 }, 'HL_CONFIG_INVALID', '0 (off) or between'],
    [{ cors: { origins: ['*'], credentials: true } }, 'HL_CONFIG_INVALID', 'every origin'],
    [{ tls: { certFile: 'a' } }, 'HL_CONFIG_INVALID', 'belong together'],
    [{ log: { level: 'loud' } }, 'HL_CONFIG_INVALID', 'log.level'],
  ])('%j', (tree, code, part) => {
    const problems = problemsOf(tree)
    expect(problems[0]?.[0]).toBe(code)
    expect(problems[0]?.[1]).toContain(part)
  })

  it('are all found at once', () => {
    expect(problemsOf({ a: 1, heartbeat: 'x', limits: { b: 1 } })).toHaveLength(3)
  })

  it('of the syntax of a file name its line', () => {
    const directory = directoryWith('{\n  "retry": 1,\n  oops\n}')
    const error = thrown(() => loadConfig({ directory }))
    expect(error.code).toBe('HL_CONFIG_UNREADABLE')
    expect(error.message).toContain('line 3')
  })

  it('say when a named file is missing', () => {
    const error = thrown(() => loadConfig({ file: '/nonexistent/heartline.json' }))
    expect(error.code).toBe('HL_CONFIG_UNREADABLE')
  })
})

describe('settings', () => {
  it('have flags and variables that nobody else has', () => {
    const flags = settings.map((setting) => setting.flag)
    expect(new Set(flags).size).toBe(flags.length)
    const variables = settings.flatMap((it) => [
      it.variable,
      ...(it.variableAlias ? [it.variableAlias] : []),
    ])
    expect(new Set(variables).size).toBe(variables.length)
  })

  it('have a JSON Schema that knows their defaults', () => {
    const schema = configJsonSchema() as any
    expect(schema.properties.heartbeat.default).toBe('15s')
    expect(schema.additionalProperties).toBe(false)
    expect(JSON.stringify(schema)).not.toContain('--key-secret')
  })
})
