import { describe, expect, it } from 'vitest'
import { createSession, createWheel, StreamMetrics, type Transport } from '../src/index.ts'
import { VirtualClock } from './kit/virtual-clock.ts'

const transport = (): Transport => ({
  framing: 'raw',
  protocol: 'http/1.1',
  over: false,
  remoteAddress: undefined,
  write: () => true,
  end: () => undefined,
  destroy: () => undefined,
  listen: () => undefined,
})

describe('Metrics of streams', () => {
  it('count what was opened, heartbeats, and why and when streams ended, by adapter', () => {
    const clock = new VirtualClock()
    const wheel = createWheel(clock)
    const metrics = new StreamMetrics()
    const open = (name: string) =>
      createSession(transport(), { wheel, heartbeatMs: 1_000, monitor: metrics.monitor(name) })
    const first = open('express')
    const second = open('express')
    const third = open('fastify "5"\n')
    clock.advance(5_500)
    first.close('finished')
    clock.advance(60_000)
    second.close('slow')
    second.close('finished')
    expect(metrics.counts('express')).toEqual({
      open: 0,
      opened: 2,
      heartbeats: 5 + 65,
      ended: { finished: 1, slow: 1 },
      handlers: 0,
      errors: 0,
      durationMsSum: 5_500 + 65_500,
    })
    expect(metrics.counts('nobody')).toBeUndefined()
    const lines = metrics.expose().split('\n')
    for (const line of [
      '# TYPE heartline_streams_open gauge',
      'heartline_streams_open{adapter="express"} 0',
      'heartline_streams_open{adapter="fastify \\"5\\"\\n"} 1',
      'heartline_streams_opened_total{adapter="express"} 2',
      'heartline_streams_ended_total{adapter="express",reason="slow"} 1',
      'heartline_stream_duration_seconds_bucket{adapter="express",le="1"} 0',
      'heartline_stream_duration_seconds_bucket{adapter="express",le="10"} 1',
      'heartline_stream_duration_seconds_bucket{adapter="express",le="300"} 2',
      'heartline_stream_duration_seconds_bucket{adapter="express",le="+Inf"} 2',
      'heartline_stream_duration_seconds_sum{adapter="express"} 71',
      'heartline_stream_heartbeats_total{adapter="express"} 70',
    ]) {
      expect(lines).toContain(line)
    }
    third.close()
    expect(metrics.counts('fastify "5"\n')).toMatchObject({ open: 0, ended: { finished: 1 } })
  })

  it('count names that nobody bounds together, after so many', () => {
    const metrics = new StreamMetrics()
    const open = (name: string): void => {
      createSession(transport(), { monitor: metrics.monitor(name) }).close()
    }
    for (let i = 0; i < 1_010; i++) open(`tenant ${i}`)
    open('tenant 3')
    expect(metrics.counts('tenant 3')).toMatchObject({ opened: 2 })
    expect(metrics.counts('tenant 1000')).toBeUndefined()
    expect(metrics.counts('other')).toMatchObject({ opened: 10, ended: { finished: 10 } })
    expect(metrics.monitor('tenant 1000')).toBe(metrics.monitor('other'))
  })

  it('warns of an error that no monitor takes', async () => {
    const warned = new Promise<Error>((resolve) => void process.once('warning', resolve))
    const session = createSession(transport())
    session.onCleanup(() => {
      throw new Error('not given back')
    })
    session.close()
    const warning = await warned
    expect(warning.name).toBe('HeartlineStreamError')
    expect(warning.message).toContain('not given back')
  })
})
