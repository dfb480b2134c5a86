import { describe, expect, it } from 'vitest'
import { createJsonLogger } from '../../src/log.ts'
import { toHubOptions } from '../../src/hub-options.ts'
import { Metrics } from '../../src/metrics/metrics.ts'
import { createMemoryBroker } from '@heartline/broker'
import { call, readStream, start, toConfig } from '../kit.ts'

describe('a reader that says how its last stream died', () => {
  it('is told a shorter interval, in the header and in the first comment', async () => {
    const server = await start()
    const until = 'heartline.cursor'
    const asUsual = await readStream(server, '/v1/events?topic=a', { until })
    expect(asUsual.response.headers.get('heartline-heartbeat')).toBe('15000')
    const faster = await readStream(server, '/v1/events?topic=a&silence=30', { until })
    expect(faster.response.headers.get('heartline-heartbeat')).toBe('7500')
    expect(faster.text).toContain(': heartline heartbeat=7500\n')
  })

  it('is refused when it says it in another way', async () => {
    const server = await start()
    for (const silence of ['0', '-5', '1.5', 'long', '86401']) {
      const { status, json } = await call(server, `/v1/events?topic=a&silence=${silence}`)
      expect([status, json.code]).toEqual([400, 'HL_SILENCE_INVALID'])
    }
  })
})

describe('metrics of liveness', () => {
  it('count heartbeats and measure how long sessions were', async () => {
    const server = await start({ heartbeat: '1s' })
    await readStream(server, '/v1/events?topic=a', { until: ': hb ' })
    await expect.poll(() => server.hub.stats().sessions).toBe(0)
    const { text } = await call(server, '/metrics')
    expect(text).toMatch(/^heartline_heartbeats_total 1$/m)
    expect(text).toMatch(/^heartline_session_duration_seconds_count 1$/m)
    expect(text).toMatch(/^heartline_session_duration_seconds_bucket\{le="60"\} 1$/m)
    expect(text).toMatch(/^heartline_kernel_evidence_suspects 0$/m)
  })

  it.runIf(process.platform === 'linux')('count the looks at the connections', async () => {
    const server = await start({ heartbeat: '1s' })
    const reading = readStream(server, '/v1/events?topic=a', { until: 'never' }).catch(() => {})
    await expect.poll(() => server.hub.stats().kernelRounds, { timeout: 20_000 }).toBeGreaterThan(0)
    const { text } = await call(server, '/metrics')
    expect(text).toMatch(/^heartline_kernel_evidence_rounds_total [1-9]/m)
    expect(text).toMatch(/^heartline_kernel_evidence_duration_seconds_count [1-9]/m)
    await server.stop()
    await reading
  })

  it('stay at 0 when nobody looks', async () => {
    const server = await start({ heartbeat: '1s', session: { kernelEvidence: 'off' } })
    await readStream(server, '/v1/events?topic=a', { until: ': hb ' })
    const { text } = await call(server, '/metrics')
    expect(text).toMatch(/^heartline_kernel_evidence_rounds_total 0$/m)
    expect(text).toMatch(/^heartline_kernel_evidence_duration_seconds_count 0$/m)
  })

  it('go with one line in the log where the system shows no connections', () => {
    let written = ''
    const log = createJsonLogger('info', { write: (line) => void (written += line) })
    const metrics = new Metrics()
    const options = toHubOptions(toConfig(), createMemoryBroker(), { log, metrics })
    options.onKernelUnavailable?.(new Error('ENOENT: no such file'))
    expect(written.trim().split('\n')).toHaveLength(1)
    expect(written).toContain('does not show its connections')
    metrics.close()
  })
})
