import { expect, it } from 'vitest'
import { parseByteSize } from '../../src/config/byte-size.ts'
import { formatDuration, parseDuration } from '../../src/config/duration.ts'
import { isLoopbackHost, parseListenAddress } from '../../src/config/listen-address.ts'
import { parseWorkerCount } from '../../src/config/worker-count.ts'

it.each([
  ['1s', 1000],
  ['500ms', 500],
  ['1.5m', 90_000],
  ['2h', 7_200_000],
  ['7d', 604_800_000],
  ['250', 250],
  [250, 250],
  ['1 s', undefined],
  ['-1s', undefined],
  ['1.5', undefined],
  ['0.1ms', undefined],
  [-1, undefined],
  [Number.NaN, undefined],
  ['1w', undefined],
])('reads the duration %j as %j ms', (given, ms) => {
  expect(parseDuration(given)).toBe(ms)
})

it('writes durations in the largest whole unit', () => {
  expect([0, 1500, 90_000, 60_000, 86_400_000].map(formatDuration)).toEqual([
    '0ms',
    '1500ms',
    '90s',
    '1m',
    '1d',
  ])
})

it.each([
  ['1MiB', 1_048_576],
  ['1.5KiB', 1536],
  ['1MB', 1_000_000],
  ['10', 10],
  [10, 10],
  ['1mib', undefined],
  ['x', undefined],
])('reads the size %j as %j bytes', (given, bytes) => {
  expect(parseByteSize(given)).toBe(bytes)
})

it.each([
  ['127.0.0.1:8420', { host: '127.0.0.1', port: 8420 }],
  [':8420', { host: undefined, port: 8420 }],
  ['[::1]:0', { host: '::1', port: 0 }],
  ['localhost:1', { host: 'localhost', port: 1 }],
  ['unix:/run/hl.sock', { host: undefined, port: 0, path: '/run/hl.sock' }],
  ['unix:./hl.sock', { host: undefined, port: 0, path: './hl.sock' }],
  ['unix:8420', undefined],
  ['unix:/run/', undefined],
  ['8420', undefined],
  ['::1:80', undefined],
  ['http://x:1', undefined],
])('reads the address %j', (text, address) => {
  expect(parseListenAddress(text)).toEqual(address)
})

it('knows loopback names from names that only look like them', () => {
  for (const host of [
    'localhost',
    'LOCALHOST',
    'a.localhost',
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '[::1]',
    '::ffff:127.0.0.1',
  ]) {
    expect(isLoopbackHost(host)).toBe(true)
  }
  for (const host of [
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '0.0.0.0',
    '::',
    '128.0.0.1',
    '',
    undefined,
  ]) {
    expect(isLoopbackHost(host)).toBe(false)
  }
})

it.each([
  ['auto', 0],
  ['0', 0],
  ['4', 4],
  [2, 2],
  ['257', undefined],
  ['1.5', undefined],
  [1.5, undefined],
  [-1, undefined],
  ['', undefined],
  ['many', undefined],
])('reads the number of workers %j as %j', (given, count) => {
  expect(parseWorkerCount(given)).toBe(count)
})
