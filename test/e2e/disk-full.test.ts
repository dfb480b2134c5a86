import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { postJson, type HttpAnswer } from '../kit/http-call.ts'
import { startHub, type HubProcess } from '../kit/hub-process.ts'
import { ledgerHandler } from '../kit/ledger-reader.ts'
import { Ledger } from '../kit/ledger.ts'
import { bulkData } from '../kit/numbered.ts'
import { expectProblem } from '../kit/problem.ts'
import { RawReader } from '../kit/reader-raw.ts'
import { streamUrl } from '../kit/reader.ts'
import { makeTempDirectory, removeTempDirectory } from '../kit/temp-directory.ts'
import { waitFor } from '../kit/wait-for.ts'

const TOPIC = 'full/numbers'
const DISK_BYTES = 96 * 1_048_576
const BALLAST_BYTES = 24 * 1_048_576
const EVENT_BYTES = 60_000
/** In a row: then the disk counts as full. */
const REFUSALS = 10

let directory: string | undefined
let hub: HubProcess | undefined

afterEach(async () => {
  await hub?.stop()
  if (directory === undefined) return
  execFileSync('umount', [directory])
  removeTempDirectory(directory)
  directory = undefined
})

/** A small file system of its own, or undefined where that is not allowed. */
function mountSmallDisk(): string | undefined {
  const path = makeTempDirectory()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', path], {
      stdio: 'pipe',
    })
    return path
  } catch {
    removeTempDirectory(path)
    return undefined
  }
}

describe('a hub whose disk is full', () => {
  it('refuses publishes with 507, goes on delivering, and stores again once there is space', async (context) => {
    directory = mountSmallDisk()
    if (directory === undefined) {
      if (process.env['CI'] !== undefined) expect.fail('Mounting a tmpfs needs root')
      context.skip('Mounting a tmpfs needs root: the disk-full test was left out')
      return
    }
    const ballast = join(directory, 'ballast')
    writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES, 1))
    hub = await startHub({ store: `disk:${join(directory, 'log')}`, flags: ['--retry', '200ms'] })
    const { url } = hub
    const data = (n: number): string => bulkData(n, EVENT_BYTES)
    const ledger = new Ledger()
    const reader = new RawReader(
      { url: streamUrl(url, TOPIC) },
      ledgerHandler(ledger, { data, dropCovered: true }),
    )
    await waitFor(() => reader.connects === 1, { what: 'the stream is open' })
    let stored = 0
    const publish = async (): Promise<HttpAnswer> => {
      const n = stored + 1
      const body = { topic: TOPIC, data: data(n), publishId: `full-${n}` }
      const answer = await postJson(`${url}/v1/events`, body)
      if (answer.status < 300) stored++
      return answer
    }
    // The first refusals may make the engine tidy up and find a little more space.
    for (let refused = 0; refused < REFUSALS && stored < 5_000;) {
      const answer = await publish()
      refused = answer.status === 507 ? refused + 1 : 0
      if (answer.status !== 201) expectProblem(answer, 507, 'HL_STORAGE_FULL')
    }
    const storedAtFull = stored
    await waitFor(() => ledger.last === storedAtFull, { what: 'what was stored is delivered' })

    // A reader that comes while the disk is full is served from the start.
    const late = new Ledger()
    const lateReader = new RawReader(
      { url: streamUrl(url, TOPIC) },
      ledgerHandler(late, { data, dropCovered: true }),
    )
    await waitFor(() => late.last === storedAtFull, {
      what: 'a late reader has everything',
      report: () => `${late.last} of ${storedAtFull} ${late.problems.join()}`,
    })

    rmSync(ballast)
    await waitFor(async () => (await publish()).status === 201, {
      what: 'there is space again',
      everyMs: 200,
    })
    for (let more = 0; more < 20; more++) expect((await publish()).status).toBe(201)
    await waitFor(() => ledger.last === stored && late.last === stored, { what: 'both have all' })

    await hub.killAndRestart()
    expect((await publish()).status).toBe(201)
    await waitFor(() => ledger.last === stored && late.last === stored, {
      what: 'both have all after a kill',
      report: () => `${ledger.last} and ${late.last} of ${stored}`,
    })
    await Promise.all([reader.close(), lateReader.close()])
    expect([...ledger.problems, ...late.problems]).toEqual([])
    expect(ledger.gaps).toEqual([])
    expect(reader.connects).toBe(2)
  }, 120_000)
})
