import { createServer as createHttpServer } from 'node:http'
import { mkdtempSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, exportPKCS8, exportSPKI, generateKeyPair, SignJWT } from 'jose'
import { afterEach, describe, expect, it } from 'vitest'
import type { HeartlineServer } from '../../src/server.ts'
import { bearer, call, SECRET, sign, start, startGuarded, type Answer } from '../kit.ts'

const cleanups: (() => void)[] = []
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()))

const nowSeconds = (): number => Math.floor(Date.now() / 1000)
const CLAIM = { subscribe: ['**'] }

function file(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'heartline-key-')), 'key')
  writeFileSync(path, text)
  return path
}

/** What a request to the history answers to a token. */
function ask(server: HeartlineServer, token: string): Promise<Answer> {
  return call(server, '/v1/history?topic=a', { headers: { authorization: `Bearer ${token}` } })
}

async function codeOf(server: HeartlineServer, token: string): Promise<[number, string]> {
  const { status, json } = await ask(server, token)
  return [status, json.code]
}

async function jwks(
  keys: unknown[],
): Promise<{ url: string; hits: () => number; set: (keys: unknown[]) => void }> {
  let hits = 0
  let current = keys
  const server = createHttpServer((_, response) => {
    hits++
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ keys: current }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => server.close())
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/jwks`, hits: () => hits, set: (next) => (current = next) }
}

async function signWith(key: CryptoKey, alg: string, kid?: string): Promise<string> {
  return new SignJWT({ heartline: CLAIM, exp: nowSeconds() + 60 })
    .setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) })
    .sign(key)
}

function forge(header: object, payload: object, signature = 'AA'): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part(payload)}.${signature}`
}

describe('HS256', () => {
  it('accepts a good token', async () => {
    const server = await startGuarded()
    expect((await ask(server, await sign(CLAIM))).status).toBe(200)
  })

  it('refuses each bad token with its own code', async () => {
    const server = await startGuarded({ auth: { issuer: 'me', audience: 'hub' } })
    const good = { iss: 'me', aud: 'hub' }
    const heartline = CLAIM
    const cases: [string, number, string][] = [
      ['nonsense', 401, 'HL_TOKEN_MALFORMED'],
      ['a.b.c', 401, 'HL_TOKEN_MALFORMED'],
      [`${'x'.repeat(9000)}.b.c`, 401, 'HL_TOKEN_MALFORMED'],
      [forge({ alg: 'none' }, { heartline }, ''), 401, 'HL_TOKEN_ALGORITHM'],
      [forge({ alg: 'None' }, { heartline }, ''), 401, 'HL_TOKEN_ALGORITHM'],
      [forge({}, { heartline }), 401, 'HL_TOKEN_ALGORITHM'],
      [forge({ alg: 'RS256' }, { heartline }), 401, 'HL_TOKEN_ALGORITHM'],
      [forge({ alg: 'HS512' }, { heartline }), 401, 'HL_TOKEN_ALGORITHM'],
      [forge({ alg: 'HS256' }, { heartline }), 401, 'HL_TOKEN_SIGNATURE'],
      [await sign(CLAIM, { ...good, exp: nowSeconds() - 60 }), 401, 'HL_TOKEN_EXPIRED'],
      [await sign(CLAIM, { ...good, nbf: nowSeconds() + 60 }), 401, 'HL_TOKEN_NOT_YET_VALID'],
      [await sign(CLAIM, { ...good, iss: 'you' }), 401, 'HL_TOKEN_ISSUER'],
      [await sign(CLAIM, { aud: 'hub' }), 401, 'HL_TOKEN_ISSUER'],
      [await sign(CLAIM, { ...good, aud: 'other' }), 401, 'HL_TOKEN_AUDIENCE'],
      [await sign(undefined, { ...good, heartline: undefined }), 403, 'HL_CLAIM_MISSING'],
      [await sign('yes', good), 403, 'HL_CLAIM_INVALID'],
      [await sign([], good), 403, 'HL_CLAIM_INVALID'],
      [await sign({ subscribe: 'a' }, good), 403, 'HL_CLAIM_INVALID'],
      [await sign({ subscribe: ['a/**/b'] }, good), 403, 'HL_CLAIM_INVALID'],
      [await sign({ subscribe: [1] }, good), 403, 'HL_CLAIM_INVALID'],
      [await sign({ subcribe: ['a'] }, good), 403, 'HL_CLAIM_INVALID'],
      [await sign({ admin: 'true' }, good), 403, 'HL_CLAIM_INVALID'],
      [await sign(CLAIM, { ...good, sub: '' }), 403, 'HL_CLAIM_INVALID'],
    ]
    for (const [token, status, code] of cases) {
      expect(await codeOf(server, token), `${code} ${token.slice(0, 30)}`).toEqual([status, code])
    }
    expect((await ask(server, await sign(CLAIM, good))).status).toBe(200)
  })

  it('reads only the Authorization header, and refuses tokens in the URL', async () => {
    const server = await startGuarded()
    const token = await sign(CLAIM)
    const none = await call(server, '/v1/history?topic=a')
    expect([none.status, none.json.code]).toEqual([401, 'HL_AUTH_REQUIRED'])
    expect(none.headers.get('www-authenticate')).toBe('Bearer realm="heartline"')
    const query = await call(server, `/v1/history?topic=a&access_token=${token}`)
    expect([query.status, query.json.code]).toEqual([400, 'HL_TOKEN_IN_QUERY'])
    expect(query.text).not.toContain(token)
    const basic = await call(server, '/v1/history?topic=a', {
      headers: { authorization: 'Basic eDp5' },
    })
    expect([basic.status, basic.json.code]).toEqual([401, 'HL_TOKEN_MALFORMED'])
    const cookie = await call(server, '/v1/history?topic=a', {
      headers: { cookie: `token=${token}` },
    })
    expect(cookie.status).toBe(401)
  })

  it('allows a clock that is off by the tolerance', async () => {
    const server = await startGuarded({ auth: { clockTolerance: '1m' } })
    expect((await ask(server, await sign(CLAIM, { nbf: nowSeconds() + 30 }))).status).toBe(200)
    expect((await ask(server, await sign(CLAIM, { nbf: nowSeconds() + 90 }))).status).toBe(401)
  })

  it('keeps a stream open whose token ended inside the tolerance', async () => {
    const server = await startGuarded({ auth: { clockTolerance: '1m' } })
    const headers = await bearer(CLAIM, { exp: nowSeconds() - 10 })
    const abort = new AbortController()
    const stream = fetch(`${server.url}/v1/events?topic=a`, { headers, signal: abort.signal })
    expect((await stream).status).toBe(200)
    const [session] = server.hub.sessions()
    expect(session?.expiresAtMs).toBeGreaterThan(Date.now())
    abort.abort()
  })

  it('takes the secret from a file without its last newline', async () => {
    const server = await start({ auth: { keys: { secretFile: file(`${SECRET}\n`) } } })
    expect((await ask(server, await sign(CLAIM))).status).toBe(200)
  })
})

describe.each([
  ['RS256', {}],
  ['ES256', {}],
  ['EdDSA', { crv: 'Ed25519' }],
])('%s', (alg, options) => {
  it('checks with a PEM public key', async () => {
    const { publicKey, privateKey } = await generateKeyPair(alg, { ...options, extractable: true })
    const pem = await exportSPKI(publicKey)
    const server = await start({ auth: { keys: { publicKeyFile: file(pem) } } })
    expect((await ask(server, await signWith(privateKey, alg))).status).toBe(200)
    const other = await generateKeyPair(alg, options)
    expect(await codeOf(server, await signWith(other.privateKey, alg))).toEqual([
      401,
      'HL_TOKEN_SIGNATURE',
    ])
    expect(await codeOf(server, await sign(CLAIM))).toEqual([401, 'HL_TOKEN_ALGORITHM'])
  })

  it('never takes the public key as a shared secret', async () => {
    const { publicKey } = await generateKeyPair(alg, { ...options, extractable: true })
    const pem = await exportSPKI(publicKey)
    const server = await start({ auth: { keys: { publicKeyFile: file(pem) } } })
    const forged = await new SignJWT({ heartline: CLAIM, exp: nowSeconds() + 60 })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(pem))
    expect(await codeOf(server, forged)).toEqual([401, 'HL_TOKEN_ALGORITHM'])
  })

  it('checks with a key set from a file, by key id', async () => {
    const { publicKey, privateKey } = await generateKeyPair(alg, { ...options, extractable: true })
    const set = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg }] }
    const server = await start({ auth: { keys: { jwksFile: file(JSON.stringify(set)) } } })
    expect((await ask(server, await signWith(privateKey, alg, 'one'))).status).toBe(200)
    expect(await codeOf(server, await signWith(privateKey, alg, 'two'))).toEqual([
      401,
      'HL_TOKEN_KEY_UNKNOWN',
    ])
  })
})

describe('JWKS by URL', () => {
  it('fetches once, and not again for forged key ids inside the cooldown', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const remote = await jwks([{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }])
    const server = await start({ auth: { keys: { jwksUrl: remote.url } } })
    expect(remote.hits()).toBe(0)
    expect((await ask(server, await signWith(privateKey, 'ES256', 'one'))).status).toBe(200)
    for (let i = 0; i < 5; i++) {
      const forged = await signWith(privateKey, 'ES256', `forged-${i}`)
      expect(await codeOf(server, forged)).toEqual([401, 'HL_TOKEN_KEY_UNKNOWN'])
    }
    expect(remote.hits()).toBe(1)
  })

  it('answers 503 when the set cannot be fetched', async () => {
    const { privateKey } = await generateKeyPair('ES256')
    const server = await start({ auth: { keys: { jwksUrl: 'http://127.0.0.1:9/jwks' } } })
    expect(await codeOf(server, await signWith(privateKey, 'ES256', 'one'))).toEqual([
      503,
      'HL_JWKS_UNAVAILABLE',
    ])
  })

  it('works beside a shared secret', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256')
    const remote = await jwks([{ ...(await exportJWK(publicKey)), alg: 'RS256' }])
    const server = await startGuarded({ auth: { keys: { secret: SECRET, jwksUrl: remote.url } } })
    expect((await ask(server, await signWith(privateKey, 'RS256'))).status).toBe(200)
    expect((await ask(server, await sign(CLAIM))).status).toBe(200)
  })
})

describe('keys that cannot be used stop the start', () => {
  it('public keys, certificates, JWKs and DER given as a secret', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
    const pem = await exportSPKI(publicKey)
    const secrets = [
      pem,
      await exportPKCS8(privateKey),
      JSON.stringify(await exportJWK(publicKey)),
      JSON.stringify({ keys: [] }),
      pem.replace(/-----[^-]+-----|\n/g, ''),
      'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ me@host',
      '   ',
    ]
    for (const secret of secrets) {
      await expect(start({ auth: { keys: { secret } } })).rejects.toMatchObject({
        code: 'HL_KEY_INVALID',
      })
      const inFile = start({ auth: { keys: { secretFile: file(secret) } } })
      await expect(inFile).rejects.toMatchObject({ code: 'HL_KEY_INVALID' })
    }
  })

  it('private keys where public ones belong, weak and unknown ones', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    const p384 = await generateKeyPair('ES384', { extractable: true })
    const bad = [
      { publicKeyFile: file(await exportPKCS8(privateKey)) },
      { publicKeyFile: file(await exportSPKI(p384.publicKey)) },
      { publicKeyFile: file('nonsense') },
      { publicKeyFile: '/nonexistent' },
      { jwksFile: file(JSON.stringify({ keys: [await exportJWK(privateKey)] })) },
      { jwksFile: file(JSON.stringify({ keys: [{ kty: 'oct', k: 'AAAA' }] })) },
      { jwksFile: file('{}') },
      { jwksUrl: 'http://keys.example/jwks' },
      { jwksUrl: 'file:///etc/passwd' },
    ]
    for (const keys of bad) {
      await expect(start({ auth: { keys } }), JSON.stringify(keys)).rejects.toMatchObject({
        code: 'HL_KEY_INVALID',
      })
    }
  })

  it('a hub without a key serves only on loopback', async () => {
    for (const listen of [':0', '0.0.0.0:0', '[::]:0', '192.0.2.1:0']) {
      await expect(start({ listen })).rejects.toMatchObject({ code: 'HL_KEY_REQUIRED' })
    }
    const server = await startGuarded({ listen: '0.0.0.0:0' })
    expect(server.isDevelopment).toBe(false)
  })
})

describe('rights', () => {
  it('of reading are checked per selector, also of history', async () => {
    const server = await startGuarded()
    const headers = await bearer({ subscribe: ['news/*', 'exact'] })
    const cases: [string, number][] = [
      ['news/a', 200],
      ['news/*', 200],
      ['exact', 200],
      ['news/**', 403],
      ['other', 403],
      ['**', 403],
    ]
    for (const [topic, status] of cases) {
      expect((await call(server, `/v1/history?topic=${topic}`, { headers })).status).toBe(status)
      const stream = await call(server, `/v1/events?topic=${topic}`, { method: 'HEAD', headers })
      expect(stream.status).toBe(status)
    }
  })

  it('of anonymous readers are the public events', async () => {
    const server = await startGuarded({ auth: { anonymous: true } })
    await server.hub.publish([
      { topic: 'a', data: 'public' },
      { topic: 'a', data: 'secret', private: true },
    ])
    const nobody = await call(server, '/v1/history?topic=a')
    expect(nobody.text).toContain('public')
    expect(nobody.text).not.toContain('secret')
    const reader = await call(server, '/v1/history?topic=a', {
      headers: await bearer({ subscribe: ['a'] }),
    })
    expect(reader.text).toContain('secret')
    const stranger = await call(server, '/v1/history?topic=a', {
      headers: await bearer({ subscribe: ['b'] }),
    })
    expect(stranger.text).not.toContain('secret')
    for (const path of ['/v1/sessions', '/v1/topics']) {
      expect((await call(server, path)).json.code).toBe('HL_ADMIN_REQUIRED')
    }
    expect((await call(server, '/v1/presence?topic=a')).json.code).toBe('HL_PRESENCE_FORBIDDEN')
    const publish = await call(server, '/v1/events', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"topic":"a","data":1}',
    })
    expect(publish.json.code).toBe('HL_PUBLISH_FORBIDDEN')
    expect((await call(server, '/v1/tickets', { method: 'POST' })).json.code).toBe(
      'HL_AUTH_REQUIRED',
    )
  })

  it('end the stream no later than the token', async () => {
    const server = await startGuarded()
    const headers = await bearer(CLAIM, { exp: nowSeconds() + 2 })
    const { text } = await call(server, '/v1/events?topic=a', { headers })
    expect(text).toContain('event: heartline.expired')
  })
})
