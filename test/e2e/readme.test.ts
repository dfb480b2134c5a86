import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { killChild, startChild } from '../kit/child.ts'
import { freePort } from '../kit/free-port.ts'
import { waitFor } from '../kit/wait-for.ts'

const README = fileURLToPath(new URL('../../README.md', import.meta.url))
// Beside this file, so that its imports are found.
const PROGRAM = fileURLToPath(new URL('./readme-program.ts', import.meta.url))

test('the first program of the README serves a stream', async () => {
  const port = await freePort()
  const [, code = ''] = /```ts\n(.*?)```/s.exec(readFileSync(README, 'utf8')) ?? []
  expect(code).toContain('createHub')
  writeFileSync(PROGRAM, code.replaceAll('3000', String(port)))
  const node = ['--conditions=@heartline/source', '--import=tsx', PROGRAM]
  const child = startChild(process.execPath, node, { stdio: ['ignore', 'ignore', 'inherit'] })
  const leaving = new AbortController()
  onTestFinished(() => {
    leaving.abort()
    killChild(child)
    rmSync(PROGRAM, { force: true })
  })
  const url = `http://127.0.0.1:${port}/?topic=time/*`
  let response: Response | undefined
  await waitFor(
    async () => {
      response = await fetch(url, { signal: leaving.signal }).catch(() => undefined)
      return response !== undefined
    },
    { what: 'the program listens' },
  )
  let text = ''
  for await (const chunk of response?.body ?? []) {
    text += Buffer.from(chunk).toString()
    if (text.includes('data: {"at":')) break
  }
  expect(text).toMatch(/id: 1\.\w+\.\w+-\w+\ndata: \{"at":\d+\}\n\n/)
})
