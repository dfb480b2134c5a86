import { spawn } from 'node:child_process'
import { ROOT } from './paths.mjs'

const colours = process.stderr.isTTY && !process.env.NO_COLOR
const paint = (code, text) => (colours ? `\u001B[${code}m${text}\u001B[0m` : text)

/** A step failed; what to do is already printed. */
export class StepFailed extends Error {}

/**
 * Runs a program quietly: one line with its time when it succeeds, its whole output and `hint`
 * (what to do) when it does not.
 * @throws StepFailed
 */
export async function step(title, command, args, { hint, cwd = ROOT } = {}) {
  const startedAt = performance.now()
  if (process.stderr.isTTY) process.stderr.write(paint(2, `… ${title}`))
  const { code, output } = await capture(command, args, cwd)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K')
  if (code === 0) {
    console.error(`${paint(32, '✓')} ${title} ${paint(2, `${seconds} s`)}`)
    return
  }
  console.error(`${paint(31, '✗')} ${title} ${paint(2, `${seconds} s`)}`)
  if (output.trim() !== '') console.error(`\n${output.trimEnd()}\n`)
  if (hint !== undefined) console.error(`What to do: ${hint}`)
  throw new StepFailed(title)
}

function capture(command, args, cwd) {
  return new Promise((resolve) => {
    // npm is a script on Windows, which only a shell can start.
    const shell = process.platform === 'win32' && command === 'npm'
    const child = spawn(command, args, { cwd, shell, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const add = (chunk) => (output += chunk)
    child.stdout.setEncoding('utf8').on('data', add)
    child.stderr.setEncoding('utf8').on('data', add)
    child.on('error', (error) => resolve({ code: 1, output: `${command}: ${error.message}` }))
    child.on('close', (code, signal) =>
      resolve({ code: code ?? 1, output: signal ? `${output}\nended by ${signal}` : output }),
    )
  })
}
