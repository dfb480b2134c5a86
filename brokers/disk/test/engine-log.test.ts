import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { describe, expect, it } from 'vitest'
import { crc32c } from '../src/crc32c.ts'
import { firstKeyOf, inspectLog, logBytes, newestLog } from '../src/engine-log.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** The log that the engine writes for values of these sizes. */
async function logOf(sizes: readonly number[]): Promise<Buffer> {
  const directory = await temporaryDirectory()
  const level = new ClassicLevel<string, Buffer>(directory, { valueEncoding: 'buffer' })
  await level.open()
  for (const [index, size] of sizes.entries())
    await level.put(`key-${index}`, Buffer.alloc(size, 1))
  const log = await readFile(join(directory, '000003.log'))
  await level.close()
  return log
}

async function inspect(log: Buffer): Promise<{ tornBytes: number; lastKey: string | undefined }> {
  const directory = await temporaryDirectory()
  await writeFile(join(directory, '000042.log'), log)
  const { tornBytes, lastRecord } = await inspectLog(directory)
  return { tornBytes, lastKey: firstKeyOf(lastRecord)?.toString() }
}

describe('the checksum', () => {
  it('is the one of RFC 3720', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa)
  })
})

describe('the log of the engine', () => {
  it('has nothing torn after whole writes, whatever their size', async () => {
    // The header and key of a record are 28 bytes: some of these end at the end of a page.
    for (const sizes of [[1], [10, 20, 30], [32_733, 5], [32_738, 9], [40_000, 1, 100_000, 7]]) {
      const found = await inspect(await logOf(sizes))
      expect(found).toEqual({ tornBytes: 0, lastKey: `key-${sizes.length - 1}` })
    }
    for (let size = 32_700; size < 32_768; size++) {
      expect((await inspect(await logOf([size]))).tornBytes, `${size}`).toBe(0)
    }
  }, 60_000)

  it('ends at the last whole write, wherever it is cut', async () => {
    const whole = (await logOf([100, 5_000])).length
    const log = await logOf([100, 5_000, 70_000])
    for (const cut of [1, 6, 7, 8, 1_000, 4_499, 40_000, 70_000]) {
      const found = await inspect(log.subarray(0, log.length - cut))
      expect(found).toEqual({ tornBytes: log.length - cut - whole, lastKey: 'key-1' })
    }
  })

  it('ends before a record whose checksum does not hold, and before zeros', async () => {
    const whole = (await logOf([100])).length
    const log = await logOf([100, 50])
    log.writeUInt8(log.readUInt8(log.length - 1) ^ 1, log.length - 1)
    expect(await inspect(log)).toEqual({ tornBytes: log.length - whole, lastKey: 'key-0' })
    const zeros = Buffer.concat([log.subarray(0, whole), Buffer.alloc(500)])
    expect(await inspect(zeros)).toEqual({ tornBytes: 500, lastKey: 'key-0' })
  })

  it('is the newest by number, and may be missing', async () => {
    expect(newestLog(['LOG', '000009.log', '000010.log', '000011.ldb'])).toBe('000010.log')
    const directory = await temporaryDirectory()
    await mkdir(join(directory, 'x.log.d'))
    expect(await inspectLog(directory)).toMatchObject({ tornBytes: 0 })
    await appendFile(join(directory, '000001.log'), 'abc')
    await appendFile(join(directory, '000002.log'), 'abcd')
    expect(await logBytes(directory)).toBe(7)
    expect((await inspectLog(directory)).tornBytes).toBe(4)
  })
})
