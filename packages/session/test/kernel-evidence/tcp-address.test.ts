import { isIP, isIPv6, SocketAddress } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressKey, keyOfKernelHex } from '../../src/kernel-evidence/tcp-address.ts'

describe('the key of an address', () => {
  it.each([
    ['127.0.0.1', '7f000001'],
    ['255.255.255.255', 'ffffffff'],
    ['::ffff:127.0.0.1', '7f000001'],
    ['::ffff:7f00:1', '7f000001'],
    ['::1', '00000000000000000000000000000001'],
    ['::', '00000000000000000000000000000000'],
    ['fd77::2', 'fd770000000000000000000000000002'],
    ['2001:DB8:0:0:1::', '20010db8000000000001000000000000'],
    ['fe80::1%eth0', 'fe800000000000000000000000000001'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['64:ff9b::1.2.3.4', '0064ff9b000000000000000001020304'],
  ])('of %s is %s', (text, key) => {
    expect(addressKey(text)).toBe(key)
  })

  it.each(['', 'localhost', '1.2.3', '1.2.3.256', '1.2.3.4.5', '::1::', '1:2:3', ':::', 'g::1'])(
    'of what is no address is undefined: "%s"',
    (text) => {
      expect(addressKey(text)).toBeUndefined()
    },
  )

  it('is the same for every spelling that Node takes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), fc.ipV4()), (text) => {
        fc.pre(isIP(text) !== 0)
        const family = isIPv6(text) ? 'ipv6' : 'ipv4'
        const { address } = new SocketAddress({ address: text, family })
        expect(addressKey(text)).toMatch(/^([0-9a-f]{8}|[0-9a-f]{32})$/)
        expect(addressKey(address)).toBe(addressKey(text))
      }),
    )
  })

  it('is read from what kernels of both byte orders print', () => {
    expect(keyOfKernelHex('0100007F', true)).toBe('7f000001')
    expect(keyOfKernelHex('7F000001', false)).toBe('7f000001')
    expect(keyOfKernelHex('0000000000000000FFFF00000100007F', true)).toBe('7f000001')
    expect(keyOfKernelHex('00000000000000000000FFFF7F000001', false)).toBe('7f000001')
    expect(keyOfKernelHex('000077FD000000000000000002000000', true)).toBe(addressKey('fd77::2'))
  })
})
