import { expect, it } from 'vitest'
import { GrantCache } from '../../src/auth/grant-cache.ts'
import { DEVELOPMENT_GRANT } from '../../src/auth/grant.ts'
import { bearer, call, startGuarded } from '../kit.ts'

it('keeps a grant for a minute, and no longer than its token', () => {
  let now = 0
  const cache = new GrantCache(() => now)
  const short = { ...DEVELOPMENT_GRANT, expiresAtMs: 10_000 }
  cache.keep('long', DEVELOPMENT_GRANT)
  cache.keep('short', short)
  now = 9999
  expect([cache.find('long'), cache.find('short')]).toEqual([DEVELOPMENT_GRANT, short])
  now = 10_000
  expect(cache.find('short')).toBeUndefined()
  now = 60_000
  expect(cache.find('long')).toBeUndefined()
  expect(cache.find('other')).toBeUndefined()
})

it('is bounded, and forgets what was not used for longest', () => {
  const cache = new GrantCache(() => 0)
  for (let n = 0; n < 1000; n++) cache.keep(`token ${n}`, DEVELOPMENT_GRANT)
  cache.find('token 0')
  cache.keep('one more', DEVELOPMENT_GRANT)
  expect(cache.find('token 0')).toBeDefined()
  expect(cache.find('token 1')).toBeUndefined()
})

it('does not let a token live on after its end', async () => {
  const begin = 1_800_000_000_000
  let now = begin
  const server = await startGuarded({ auth: { clockTolerance: 0 } }, { now: () => now })
  const headers = await bearer({ subscribe: ['a'] }, { exp: begin / 1000 + 100 })
  for (const [laterMs, status] of [
    [0, 200],
    [50_000, 200],
    [99_000, 200],
    [101_000, 401],
  ] as const) {
    now = begin + laterMs
    expect((await call(server, '/v1/history?topic=a', { headers })).status).toBe(status)
  }
})

it('does not take a token for another that differs in one character', async () => {
  const server = await startGuarded()
  const { authorization = '' } = await bearer({ subscribe: ['a'] })
  const ask = (value: string): ReturnType<typeof call> =>
    call(server, '/v1/history?topic=a', { headers: { authorization: value } })
  expect((await ask(authorization)).status).toBe(200)
  const at = authorization.length - 10
  const other = authorization[at] === 'A' ? 'B' : 'A'
  const forged = authorization.slice(0, at) + other + authorization.slice(at + 1)
  expect((await ask(forged)).json.code).toBe('HL_TOKEN_SIGNATURE')
})
