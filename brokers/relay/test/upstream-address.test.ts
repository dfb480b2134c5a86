import { expect, it } from 'vitest'
import { parseUpstreamUrl } from '../src/index.ts'

it.each([
  [
    'http://127.0.0.1:8420',
    { isTls: false, target: { host: '127.0.0.1', port: 8420 }, prefix: '' },
  ],
  ['http://hub', { isTls: false, target: { host: 'hub', port: 80 }, prefix: '' }],
  ['https://hub.example/', { isTls: true, target: { host: 'hub.example', port: 443 }, prefix: '' }],
  ['https://x:1/a/b/', { isTls: true, target: { host: 'x', port: 1 }, prefix: '/a/b' }],
  ['http://[::1]:8420', { isTls: false, target: { host: '::1', port: 8420 }, prefix: '' }],
  ['unix:/run/hl.sock', { isTls: false, target: { socketPath: '/run/hl.sock' }, prefix: '' }],
  ['unix:./hl.sock', { isTls: false, target: { socketPath: './hl.sock' }, prefix: '' }],
])('reads %s', (url, address) => {
  expect(parseUpstreamUrl(url)).toEqual({ url, ...address })
})

it.each([
  '',
  'hub:8420',
  'ftp://hub',
  'unix:',
  'unix:x',
  'http://a:b@hub',
  'http://hub?x=1',
  'http://',
])('refuses %j', (url) => {
  expect(parseUpstreamUrl(url)).toBeUndefined()
})
