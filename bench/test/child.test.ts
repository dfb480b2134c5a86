import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Child } from '../run/child.ts'
import { isRunning, markProcesses, processTree } from '../run/process-tree.ts'

// A program that starts another one, outside of its process group, which ignores SIGTERM.
const STUBBORN = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`
const PARENT = `
  const { spawn } = require('node:child_process')
  spawn(process.execPath, ['-e', ${JSON.stringify(STUBBORN)}], { detached: true, stdio: 'ignore' })
  setInterval(() => {}, 1000)
`

async function familyOf(child: Child): Promise<number[]> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const tree = processTree(child.pid)
    if (tree.length > 1) return tree
    await sleep(20)
  }
  throw new Error('The program started no other one')
}

it.each(['stop', 'kill'] as const)('%s ends a program and all that it started', async (way) => {
  const child = new Child([process.execPath, '-e', PARENT])
  const family = markProcesses(await familyOf(child))
  expect(family.every(isRunning)).toBe(true)
  await child[way]()
  await child.ended
  for (let attempt = 0; attempt < 500 && family.some(isRunning); attempt++) await sleep(20)
  expect(family.filter(isRunning)).toEqual([])
  expect(child.hasEnded).toBe(true)
})

it('keeps what a program printed, and says that it does not exist', async () => {
  const child = new Child([process.execPath, '-e', 'console.log("out"); console.error("err")'])
  await child.ended
  for (let attempt = 0; attempt < 100 && !/out[^]*err|err[^]*out/.test(child.log); attempt++) {
    await sleep(20)
  }
  expect(child.log).toMatch(/out[^]*err|err[^]*out/)
  const missing = new Child(['/nowhere/at/all'])
  await missing.ended
  expect(missing.log).not.toBe('')
})
