import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Names of unix sockets are that short, on macOS; on Linux 107. */
const MAX_SOCKET_PATH = 103
const SUFFIX_LENGTH = '/heartline-log-XXXXXX/log.sock'.length

/** Makes a directory that only this user can enter (mode 0700). */
export function makePrivateDirectory(): string {
  const usual = tmpdir()
  const parent = Buffer.byteLength(usual) + SUFFIX_LENGTH > MAX_SOCKET_PATH ? '/tmp' : usual
  return mkdtempSync(join(parent, 'heartline-log-'))
}

/** The socket in it on which the first process serves the log. */
export function socketIn(directory: string): string {
  return join(directory, 'log.sock')
}

/** Idempotent: the last process that leaves removes it, whichever that is. */
export function removePrivateDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
}
