import { describe, expect, it } from 'vitest'
import { exposeIn } from '../src/head.ts'

function exposed(set: Record<string, string>): string | null {
  const headers = new Headers(set)
  exposeIn(headers)
  return headers.get('access-control-expose-headers')
}

const OURS = 'Heartline-Session, Heartline-Heartbeat, Heartline-Tell'
const CORS = { 'access-control-allow-origin': 'https://shop.example' }

describe('Headers that a framework adds', () => {
  it('show ours to a cross-origin reader that CORS has let in', () => {
    expect(exposed(CORS)).toBe(OURS)
  })

  it('keep what was exposed before', () => {
    expect(exposed({ ...CORS, 'access-control-expose-headers': 'X-Page' })).toBe(`X-Page, ${OURS}`)
  })

  it('expose nothing without CORS', () => {
    expect(exposed({ 'access-control-expose-headers': 'X-Page' })).toBe('X-Page')
    expect(exposed({})).toBe(null)
  })
})
