import { generateKeyPairSync, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { httpCall, postJson } from '../kit/http-call.ts'
import { startHub, type HubProcess } from '../kit/hub-process.ts'
import { Probe } from '../kit/probe.ts'
import { expectProblem } from '../kit/problem.ts'
import { RawReader } from '../kit/reader-raw.ts'
import type { ReceivedEvent } from '../kit/reader.ts'
import { makeTempDirectory, removeTempDirectory } from '../kit/temp-directory.ts'
import { allClaims, inSeconds, makeToken, TEST_SECRET } from '../kit/token.ts'
import { waitFor } from '../kit/wait-for.ts'

const directory = makeTempDirectory()
const keyPair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })

let hub: HubProcess
let probe: Probe

beforeAll(async () => {
  const keySet = join(directory, 'keys.json')
  const key = { ...keyPair.publicKey.export({ format: 'jwk' }), kid: 'known', alg: 'ES256' }
  writeFileSync(keySet, JSON.stringify({ keys: [key] }))
  const secretFile = join(directory, 'secret')
  writeFileSync(secretFile, `${TEST_SECRET}\n`)
  hub = await startHub({ flags: ['--key-secret-file', secretFile, '--jwks-file', keySet] })
  probe = await Probe.open(hub, bearer(makeToken({ claims: allClaims() })))
})

afterAll(async () => {
  await hub.stop()
  await probe.close()
  removeTempDirectory(directory)
})

afterEach(async () => {
  expect(await probe.storedSince(), 'events stored by a refused publish').toBe(0)
})

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

function ellipticToken(kid: string, pair: typeof keyPair): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'ES256', kid })}.${part(allClaims())}`
  const options = { key: pair.privateKey, dsaEncoding: 'ieee-p1363' } as const
  return `${signed}.${sign('sha256', Buffer.from(signed), options).toString('base64url')}`
}

const claims = (heartline: unknown): Record<string, unknown> => ({ ...allClaims(), heartline })

const refused: [string, () => string, number, string][] = [
  [
    'expired',
    () => makeToken({ claims: { ...allClaims(), exp: inSeconds(-60) } }),
    401,
    'HL_TOKEN_EXPIRED',
  ],
  [
    'not yet valid',
    () => makeToken({ claims: { ...allClaims(), nbf: inSeconds(600) } }),
    401,
    'HL_TOKEN_NOT_YET_VALID',
  ],
  [
    'signed with another algorithm',
    () => makeToken({ header: { alg: 'HS512' }, claims: allClaims() }),
    401,
    'HL_TOKEN_ALGORITHM',
  ],
  [
    'signed with an algorithm of another key',
    () => makeToken({ header: { alg: 'RS256' }, claims: allClaims() }),
    401,
    'HL_TOKEN_',
  ],
  [
    'not signed',
    () => makeToken({ header: { alg: 'none' }, claims: allClaims(), secret: '' }),
    401,
    'HL_TOKEN_ALGORITHM',
  ],
  [
    'not signed, with another case',
    () => makeToken({ header: { alg: 'nOnE' }, claims: allClaims(), secret: '' }),
    401,
    'HL_TOKEN_ALGORITHM',
  ],
  [
    'of the right algorithm without a signature',
    () => makeToken({ claims: allClaims(), secret: '' }),
    401,
    'HL_TOKEN_',
  ],
  [
    'signed with another secret',
    () => makeToken({ claims: allClaims(), secret: 'another secret of forty characters length' }),
    401,
    'HL_TOKEN_SIGNATURE',
  ],
  [
    'signed with the public key as a secret',
    () =>
      makeToken({
        claims: allClaims(),
        secret: keyPair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      }),
    401,
    'HL_TOKEN_SIGNATURE',
  ],
  [
    'signed with an unknown key',
    () => ellipticToken('unknown', stranger),
    401,
    'HL_TOKEN_KEY_UNKNOWN',
  ],
  [
    'signed with a wrong key of a known name',
    () => ellipticToken('known', stranger),
    401,
    'HL_TOKEN_SIGNATURE',
  ],
  ['no token', () => 'nonsense', 401, 'HL_TOKEN_MALFORMED'],
  [
    'without the claim',
    () => makeToken({ claims: { sub: 'a', exp: inSeconds(60) } }),
    403,
    'HL_CLAIM_MISSING',
  ],
  ['with a text as claim', () => makeToken({ claims: claims('**') }), 403, 'HL_CLAIM_INVALID'],
  [
    'with a bad selector in the claim',
    () => makeToken({ claims: claims({ publish: ['a*b'], subscribe: ['a*b'] }) }),
    403,
    'HL_CLAIM_INVALID',
  ],
]

describe('a token is refused, for publishing and for reading, when it is', () => {
  it.each(refused)('%s', async (_, token, status, code) => {
    const headers = bearer(token())
    const published = await postJson(`${hub.url}/v1/events`, { topic: 'a', data: 1 }, headers)
    const read = await httpCall(`${hub.url}/v1/events?topic=a`, { headers })
    for (const answer of [published, read]) {
      const exact = /"code":"(HL_\w+)"/.exec(answer.text)?.[1] ?? 'none'
      expect(exact).toContain(code)
      expectProblem(answer, status, exact)
    }
  })

  it('accepted when a known key signed it', async () => {
    const headers = bearer(ellipticToken('known', keyPair))
    const answer = await httpCall(`${hub.url}/v1/history?topic=a`, { headers })
    expect(answer.status).toBe(200)
  })
})

describe('without the right token', () => {
  it('nothing may be published or read', async () => {
    const event = { topic: 'a', data: 1 }
    expectProblem(await postJson(`${hub.url}/v1/events`, event), 401, 'HL_AUTH_REQUIRED')
    expectProblem(await httpCall(`${hub.url}/v1/events?topic=a`), 401, 'HL_AUTH_REQUIRED')
    expectProblem(await httpCall(`${hub.url}/v1/history?topic=a`), 401, 'HL_AUTH_REQUIRED')
  })

  it('a token in the address is refused', async () => {
    const token = makeToken({ claims: allClaims() })
    const answer = await httpCall(`${hub.url}/v1/events?topic=a&access_token=${token}`)
    expectProblem(answer, 400, 'HL_TOKEN_IN_QUERY')
  })

  it('a ticket that nobody gave out is refused', async () => {
    const answer = await httpCall(`${hub.url}/v1/events?topic=a&ticket=made-up`)
    expectProblem(answer, 401, 'HL_TICKET_INVALID')
  })

  it('another topic may not be published, read or looked up, and its list stores nothing', async () => {
    const rights = { publish: ['mine/**'], subscribe: ['mine/**'] }
    const headers = bearer(makeToken({ claims: claims(rights) }))
    const list = [
      { topic: 'mine/a', data: 1 },
      { topic: 'yours', data: 1 },
    ]
    const address = `${hub.url}/v1/events`
    expectProblem(await postJson(address, list, headers), 403, 'HL_PUBLISH_FORBIDDEN')
    const query = (path: string): Promise<Awaited<ReturnType<typeof httpCall>>> =>
      httpCall(`${hub.url}/v1/${path}`, { headers })
    expectProblem(await query('events?topic=yours'), 403, 'HL_SELECTOR_FORBIDDEN')
    expectProblem(await query('events?topic=**'), 403, 'HL_SELECTOR_FORBIDDEN')
    expectProblem(await query('history?topic=yours'), 403, 'HL_SELECTOR_FORBIDDEN')
    expectProblem(await query('presence?topic=yours'), 403, 'HL_PRESENCE_FORBIDDEN')
    expectProblem(await query('sessions'), 403, 'HL_ADMIN_REQUIRED')
  })
})

describe('a stream', () => {
  it('ends no later than its token, says so, and is not opened again with it', async () => {
    const seen: ReceivedEvent[] = []
    const headers = bearer(makeToken({ claims: { ...allClaims(), exp: inSeconds(2) } }))
    const startedAt = Date.now()
    const reader = new RawReader(
      { url: `${hub.url}/v1/events?topic=a`, headers },
      { onEvent: (event) => seen.push(event) },
    )
    await waitFor(() => reader.connects === 1, { what: 'the stream is open' })
    await waitFor(() => seen.at(-1)?.type === 'heartline.expired', {
      what: 'the stream says that its token has expired',
      timeoutMs: 15_000,
    })
    // 2 s of life and the clock tolerance of 5 s.
    expect(Date.now() - startedAt).toBeLessThan(9_000)
    await waitFor(() => reader.refusals.includes(401), {
      what: 'it is refused',
      timeoutMs: 15_000,
      report: () => reader.refusals.join(),
    })
    await reader.close()
  })
})
