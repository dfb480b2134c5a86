import { expect, it } from 'vitest'
import { TicketStore } from '../../src/auth/ticket-store.ts'
import { bearer, call, readStream, start, startGuarded } from '../kit.ts'

const GRANT = {
  subject: 'me',
  publish: [],
  subscribe: ['a'],
  presence: [],
  admin: false,
  anonymous: false,
  expiresAtMs: undefined,
}

it('opens one stream with the rights of the token, and no second one', async () => {
  const server = await startGuarded()
  const headers = await bearer({ subscribe: ['a'] }, { sub: 'me' })
  const { status, json } = await call(server, '/v1/tickets', { method: 'POST', headers })
  expect(status).toBe(201)
  expect(json.expiresAt).toBeGreaterThan(Date.now())
  const { text } = await readStream(server, `/v1/events?topic=a&ticket=${json.ticket}`, {
    until: 'retry',
  })
  expect(text).toContain('retry: ')
  const again = await call(server, `/v1/events?topic=a&ticket=${json.ticket}`)
  expect([again.status, again.json.code]).toEqual([401, 'HL_TICKET_INVALID'])
})

it('gives no right that the token does not have', async () => {
  const server = await startGuarded()
  const headers = await bearer({ subscribe: ['a'] })
  const { json } = await call(server, '/v1/tickets', { method: 'POST', headers })
  const refused = await call(server, `/v1/events?topic=b&ticket=${json.ticket}`)
  expect([refused.status, refused.json.code]).toEqual([403, 'HL_SELECTOR_FORBIDDEN'])
})

it('works for streams only', async () => {
  const server = await startGuarded()
  const headers = await bearer({ subscribe: ['a'], admin: true })
  const { json } = await call(server, '/v1/tickets', { method: 'POST', headers })
  for (const path of ['/v1/history?topic=a&', '/v1/sessions?']) {
    expect((await call(server, `${path}ticket=${json.ticket}`)).status).toBe(401)
  }
})

it('is given in development mode too, so that the console needs one way only', async () => {
  const server = await start()
  const { json } = await call(server, '/v1/tickets', { method: 'POST' })
  const { text } = await readStream(server, `/v1/events?topic=a&ticket=${json.ticket}`, {
    until: 'retry',
  })
  expect(text).toContain('retry: ')
})

it('ends after 30 seconds, and with the token', () => {
  let now = 1000
  const store = new TicketStore(() => now)
  const { ticket } = store.issue(GRANT)
  now += 29_999
  const second = store.issue({ ...GRANT, expiresAtMs: now + 10 })
  expect(store.redeem(ticket)).toBe(GRANT)
  now += 10
  expect(() => store.redeem(second.ticket)).toThrow(
    expect.objectContaining({ code: 'HL_TICKET_INVALID' }),
  )
  const third = store.issue(GRANT)
  now += 30_000
  expect(() => store.redeem(third.ticket)).toThrow(
    expect.objectContaining({ code: 'HL_TICKET_INVALID' }),
  )
})

it('is bounded for all and for each subject, and forgets what expired', () => {
  let now = 0
  const store = new TicketStore(() => now)
  const full = expect.objectContaining({ code: 'HL_TICKETS_FULL' })
  for (let i = 0; i < 100; i++) store.issue(GRANT)
  expect(() => store.issue(GRANT)).toThrow(full)
  for (let i = 100; i < 10_000; i++) store.issue({ ...GRANT, subject: undefined })
  expect(() => store.issue({ ...GRANT, subject: 'other' })).toThrow(full)
  now = 30_000
  expect(store.issue(GRANT).ticket).toMatch(/^[A-Za-z0-9_-]{43}$/)
})
