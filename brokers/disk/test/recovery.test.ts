import { copyFile, mkdir, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Broker, Entry } from '@heartline/broker'
import { ClassicLevel } from 'classic-level'
import { openDiskBroker, type DiskBroker, type DiskReport } from '../src/index.ts'
import { newestLog } from '../src/engine-log.ts'
import { blockKey, metaKey } from '../src/keys.ts'
import { temporaryDirectory } from './temporary-directory.ts'

async function readAll(broker: Broker, topics?: string[]): Promise<Entry[]> {
  const { base } = await broker.state()
  const entries: Entry[] = []
  for (let after = base.offset, done = false; !done;) {
    const page = await broker.read({ after, topics })
    entries.push(...page.entries)
    after = page.through
    done = page.done
  }
  return entries
}

async function fill(broker: Broker, count: number): Promise<void> {
  for (let index = 0; index < count; index += 4) {
    const batch = [0, 1, 2, 3].map((step) => ({
      topics: [`topic/${(index + step) % 5}`],
      data: `event ${index + step} ${'x'.repeat(100)}`,
    }))
    await broker.append(batch)
  }
}

/** A copy as a crash leaves it: taken while the store is open. */
async function copyStore(from: string): Promise<string> {
  const to = await temporaryDirectory()
  for (const name of await readdir(from)) {
    if (name !== 'LOCK') await copyFile(join(from, name), join(to, name))
  }
  return to
}

async function cutNewestLog(directory: string, bytes: number): Promise<number> {
  const log = join(directory, newestLog(await readdir(directory)) ?? '')
  const { size } = await stat(log)
  await truncate(log, Math.max(0, size - bytes))
  return size
}

/** Opens the engine below the broker. */
async function withLevel(
  directory: string,
  work: (level: ClassicLevel<Buffer, Buffer>) => Promise<void>,
): Promise<void> {
  const level = new ClassicLevel<Buffer, Buffer>(directory, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
  })
  await level.open()
  await work(level)
  await level.close()
}

async function expectSound(broker: DiskBroker, original: readonly Entry[]): Promise<void> {
  const entries = await readAll(broker)
  expect(entries).toEqual(original.slice(0, entries.length))
  expect(broker.recovery.last).toEqual(entries.at(-1)?.position ?? { ms: 0, offset: 0 })
  for (const topic of [0, 1, 2, 3, 4]) {
    const name = `topic/${topic}`
    const expected = entries.filter(({ topics }) => topics.includes(name))
    expect(await readAll(broker, [name])).toEqual(expected)
  }
  const [next] = await broker.append([{ topics: ['topic/1'], data: 'next' }])
  expect(next?.position.offset).toBe(entries.length + 1)
  expect((await readAll(broker, ['topic/1'])).at(-1)?.data).toBe('next')
}

describe('a clean close', () => {
  it('is told by the next open, and only once', async () => {
    const directory = await temporaryDirectory()
    const reports: DiskReport[] = []
    const first = await openDiskBroker({ directory })
    expect(first.recovery).toMatchObject({ clean: true, tornBytes: 0, entriesCut: 0 })
    await fill(first, 40)
    const copy = await copyStore(directory)
    await first.close()
    const second = await openDiskBroker({ directory, onReport: (report) => reports.push(report) })
    expect(second.recovery).toMatchObject({ clean: true, tornBytes: 0, last: { offset: 40 } })
    expect(reports[0]).toMatchObject({ type: 'opened', recovery: second.recovery })
    await second.close()
    const killed = await openDiskBroker({ directory: copy })
    expect(killed.recovery).toMatchObject({ clean: false, tornBytes: 0, last: { offset: 40 } })
    await killed.close()
  })
})

describe('a torn end', () => {
  it('of 1 to 4,000 bytes loses only the end, and is reported', async () => {
    const directory = await temporaryDirectory()
    const broker = await openDiskBroker({ directory })
    await fill(broker, 400)
    const original = await readAll(broker)
    const { epoch } = await broker.state()
    const cuts = [1, 2, 7, 100, 700, 4_000, ...Array.from({ length: 14 }, () => random(4_000))]
    for (const bytes of cuts) {
      const copy = await copyStore(directory)
      await cutNewestLog(copy, bytes)
      const mended = await openDiskBroker({ directory: copy })
      const { recovery } = mended
      expect(recovery.clean, `${bytes} bytes cut`).toBe(false)
      expect(recovery.last.offset).toBeLessThan(400)
      expect(recovery.last.offset % 4, 'a part of a call was kept').toBe(0)
      expect((await mended.state()).epoch).toBe(epoch)
      await expectSound(mended, original)
      await mended.close()
    }
    await broker.close()
  })

  it('tells how many bytes were unfinished', async () => {
    const directory = await temporaryDirectory()
    const broker = await openDiskBroker({ directory })
    await broker.append([{ topics: ['a'], data: 'kept' }])
    const { size: before } = await stat(join(directory, newestLog(await readdir(directory)) ?? ''))
    await broker.append([{ topics: ['a'], data: 'x'.repeat(100_000) }])
    const copy = await copyStore(directory)
    const size = await cutNewestLog(copy, 500)
    const mended = await openDiskBroker({ directory: copy })
    expect(mended.recovery.tornBytes).toBe(size - 500 - before)
    expect(mended.recovery.last.offset).toBe(1)
    const anchor = (await broker.state()).last
    expect(await mended.locate(anchor)).toMatchObject({ status: 'diverged', resume: { offset: 1 } })
    await mended.close()
    await broker.close()
  })
})

describe('entries that are not whole', () => {
  it('cuts everything after a hole', async () => {
    const directory = await temporaryDirectory()
    const broker = await openDiskBroker({ directory })
    await fill(broker, 80)
    const original = await readAll(broker)
    await broker.close()
    await withLevel(directory, (level) => level.del(blockKey(40)))
    const mended = await openDiskBroker({ directory })
    expect(mended.recovery).toMatchObject({ entriesCut: 44, last: { offset: 36 } })
    await expectSound(mended, original)
    await mended.close()
  })

  it('cuts everything from a broken checksum on', async () => {
    const directory = await temporaryDirectory()
    const broker = await openDiskBroker({ directory })
    await fill(broker, 80)
    const original = await readAll(broker)
    await broker.close()
    await withLevel(directory, async (level) => {
      const block = Buffer.from((await level.get(blockKey(72))) ?? [])
      block.writeUInt8(block.readUInt8(block.length - 3) ^ 1, block.length - 3)
      await level.put(blockKey(72), block)
    })
    const mended = await openDiskBroker({ directory })
    expect(mended.recovery).toMatchObject({ entriesCut: 12, last: { offset: 68 } })
    await expectSound(mended, original)
    await mended.close()
  })

  it('keeps the publish ids of what was kept and forgets those of what was cut', async () => {
    const directory = await temporaryDirectory()
    const broker = await openDiskBroker({ directory })
    for (const publishId of ['a', 'b', 'c']) {
      await broker.append([{ topics: ['t'], data: publishId, publishId }])
    }
    await broker.close()
    await withLevel(directory, (level) => level.del(blockKey(2)))
    const mended = await openDiskBroker({ directory })
    const results = await mended.append(
      ['a', 'b', 'c'].map((publishId) => ({ topics: ['t'], data: '', publishId })),
    )
    expect(results.map(({ duplicate }) => duplicate)).toEqual([true, false, false])
    expect(results.map(({ position }) => position.offset)).toEqual([1, 2, 3])
    await mended.close()
  })
})

describe('a store that cannot be opened', () => {
  it('is locked while another broker has it', async () => {
    const directory = await temporaryDirectory()
    const broker = await openDiskBroker({ directory })
    await expect(openDiskBroker({ directory })).rejects.toMatchObject({ code: 'HL_STORE_LOCKED' })
    await broker.append([{ topics: ['a'], data: 'still works' }])
    await broker.close()
    await (await openDiskBroker({ directory })).close()
  })

  it('is locked while another process has it', async () => {
    const directory = await temporaryDirectory()
    const program = fileURLToPath(new URL('kill-child.ts', import.meta.url))
    const flags = ['--import', import.meta.resolve('tsx'), '--conditions=@heartline/source']
    const child = spawn(process.execPath, [...flags, program, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    child.stdout.resume()
    await expect(openDiskBroker({ directory })).rejects.toMatchObject({ code: 'HL_STORE_LOCKED' })
    child.kill('SIGKILL')
    await once(child, 'exit')
    await (await openDiskBroker({ directory })).close()
  })

  it('is made with the folders above it when it is missing', async () => {
    const directory = join(await temporaryDirectory(), 'not', 'there', 'yet')
    const broker = await openDiskBroker({ directory })
    await broker.append([{ topics: ['a'], data: 'x' }])
    await broker.close()
  })

  it('is no folder', async () => {
    const file = join(await temporaryDirectory(), 'file')
    await writeFile(file, '')
    const code = 'HL_STORE_NOT_DIRECTORY'
    await expect(openDiskBroker({ directory: file })).rejects.toMatchObject({ code })
    const below = join(file, 'below')
    await expect(openDiskBroker({ directory: below })).rejects.toMatchObject({ code })
  })

  it('is of another format', async () => {
    const directory = await temporaryDirectory()
    await (await openDiskBroker({ directory })).close()
    await withLevel(directory, (level) => level.put(metaKey('format'), Buffer.from('99')))
    const opening = openDiskBroker({ directory })
    await expect(opening).rejects.toMatchObject({ code: 'HL_STORE_FORMAT' })
    await expect(opening).rejects.toThrow('format 99')
  })

  it('is not ours', async () => {
    const directory = await temporaryDirectory()
    await withLevel(directory, (level) => level.put(Buffer.from('theirs'), Buffer.from('1')))
    const code = 'HL_STORE_FORMAT'
    await expect(openDiskBroker({ directory })).rejects.toMatchObject({ code })
  })

  it('is damaged: its table of files is gone', async () => {
    const directory = await temporaryDirectory()
    const broker = await openDiskBroker({ directory })
    await fill(broker, 40)
    await broker.close()
    await rm(join(directory, 'CURRENT'))
    const code = 'HL_STORE_CORRUPT'
    await expect(openDiskBroker({ directory })).rejects.toMatchObject({ code })
    // And nothing was removed by the attempt.
    expect(newestLog(await readdir(directory))).toBeDefined()
    await writeFile(join(directory, 'CURRENT'), 'MANIFEST-999999\n')
    await expect(openDiskBroker({ directory })).rejects.toMatchObject({ code })
  })

  it('says which option makes no sense', async () => {
    const directory = await temporaryDirectory()
    await mkdir(join(directory, 'x'))
    for (const options of [{ maxEntries: 0 }, { maxBytes: 1.5 }, { fsync: 'often' as 'always' }]) {
      const opening = openDiskBroker({ directory, ...options })
      await expect(opening).rejects.toMatchObject({ code: 'HL_BROKER_OPTION' })
    }
  })
})

function random(limit: number): number {
  return 1 + Math.floor(Math.random() * limit)
}
