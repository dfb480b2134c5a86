import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readTcpTable } from '../../src/kernel-evidence/tcp-table-reader.ts'
import type { Unanswered } from '../../src/kernel-evidence/tcp-table.ts'
import { HEAD, tcpLine } from './kit/tcp-line.ts'

let folder = ''
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'heartline-tcp-'))))
afterEach(() => rmSync(folder, { recursive: true }))

async function read(text: string): Promise<{ bytes: number; lines: Unanswered[] }> {
  const file = join(folder, 'tcp')
  writeFileSync(file, text, 'latin1')
  const lines: Unanswered[] = []
  const bytes = await readTcpTable(file, (line) => lines.push(line))
  return { bytes, lines }
}

describe('a table that is read', () => {
  it('is read to its end, over the borders of its pieces', async () => {
    const rows = Array.from({ length: 3_000 }, (_, row) =>
      tcpLine({ row, remotePort: row + 1, queued: row % 3, timer: 1, retransmits: 2 }),
    )
    const text = HEAD + rows.join('')
    const { bytes, lines } = await read(text)
    expect(bytes).toBe(text.length)
    expect(lines.map(({ remotePort }) => remotePort)).toEqual(
      Array.from({ length: 3_000 }, (_, row) => row + 1).filter((port) => (port - 1) % 3 > 0),
    )
  })

  it('may hold what is no line, however long', async () => {
    const line = tcpLine({ queued: 1, timer: 1, retransmits: 1 })
    const { lines } = await read(`${'x'.repeat(300_000)}\n${line}${'y'.repeat(300_000)}`)
    expect(lines).toHaveLength(1)
  })

  it('rejects with the error of the system when it is not there', async () => {
    const missing = readTcpTable(join(folder, 'none'), () => {})
    await expect(missing).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(readTcpTable(folder, () => {})).rejects.toMatchObject({ code: 'EISDIR' })
  })

  it.runIf(process.platform === 'linux')('is the one of this system', async () => {
    expect(await readTcpTable('/proc/self/net/tcp', () => {})).toBeGreaterThan(0)
  })
})
