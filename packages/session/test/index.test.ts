import { describe, expect, it } from 'vitest'
import * as fetchEntry from '../src/fetch.ts'
import * as entry from '../src/index.ts'

const neutral = [
  'IDLE',
  'Session',
  'StreamGroup',
  'StreamGroups',
  'StreamMetrics',
  'TICK_MS',
  'Wheel',
  'acceptsEventStream',
  'closeStreams',
  'createFetchSession',
  'createSession',
  'createWheel',
  'cutterOf',
  'exchangeBehind',
  'goneSignal',
  'groupOf',
  'jitterUp',
  'randomSessionId',
  'resolveSessionOptions',
  'sessionDefaults',
  'sessionErrors',
  'sharedWheel',
  'stream',
  'streamFetch',
  'subscribeFetch',
  'systemClock',
  'toRefusal',
]

const node = [
  'adoptHeaders',
  'IN_BATCH',
  'NO_BATCH',
  'allowedSeam',
  'createNodeSession',
  'createSocketSession',
  'createStreamListener',
  'frameChunk',
  'limitSeam',
  'returnToHttp',
  'streamNode',
  'subscribeNode',
  'testSeams',
]

describe('The package', () => {
  it('exports these names', () => {
    expect(Object.keys(fetchEntry).sort()).toEqual(neutral)
    expect(Object.keys(entry).sort()).toEqual(
      [...neutral, ...node, 'createKernelWatch', 'kernelRoundMs', 'kernelWatchDefaults'].sort(),
    )
  })

  it('has these error codes', () => {
    const codes = Object.values(entry.sessionErrors).map((error) => error.code)
    expect(codes.sort()).toEqual([
      'HL_HANDLER_FAILED',
      'HL_HANDLER_INVALID',
      'HL_HANDLER_TIMEOUT',
      'HL_HEAD_SENT',
      'HL_METHOD_NOT_ALLOWED',
      'HL_NOT_ACCEPTABLE',
      'HL_OPTION_INVALID',
      'HL_REQUEST_BEHIND_STREAM',
      'HL_RESPONSE_RELEASED',
      'HL_SESSION_BLOCKED',
      'HL_SESSION_ENDED',
      'HL_SOURCE_INVALID',
      'HL_WRITE_FAILED',
    ])
  })
})
