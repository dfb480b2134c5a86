import { describe, expect, it } from 'vitest'
import { Envelope } from '../../src/single/envelope.ts'

const envelope = new Envelope('a secret of at least thirty-two characters')

describe('An envelope', () => {
  it.each([['small'], ['x'.repeat(100_000)], [{ deep: [1, 'ü', null] }]])(
    'comes back as it was put in',
    async (value) => {
      expect(await envelope.open(await envelope.seal(value, 'a/b'), 'a/b')).toEqual(value)
    },
  )

  it('is opened on its own topic only, and with its own secret', async () => {
    const sealed = await envelope.seal('value', 'a/b')
    const other = new Envelope('another secret of thirty-two characters')
    expect(await envelope.open(sealed, 'a/c')).toBeUndefined()
    expect(await other.open(sealed, 'a/b')).toBeUndefined()
  })

  it('that was never one, or was changed, is not opened', async () => {
    const sealed = await envelope.seal('value', 'a/b')
    const changed = sealed.slice(0, -4) + (sealed.endsWith('AAAA') ? 'BBBB' : 'AAAA')
    for (const text of [changed, '', '.', 'x.y', '{}', sealed.split('.')[1] ?? '']) {
      expect(await envelope.open(text, 'a/b')).toBeUndefined()
    }
  })

  it('is never the same twice', async () => {
    expect(await envelope.seal('value', 'a')).not.toBe(await envelope.seal('value', 'a'))
  })
})
