import type { BatchSender } from '@heartline/hub'
import { allowedSeam, limitSeam, testSeams, type WriteSeam } from '@heartline/session'
import { HeartlineError } from '@heartline/wire'
import type { Config } from './config/config.ts'
import { serverErrors } from './errors.ts'
import type { Logger } from './log.ts'

/**
 * Finds the fastest way to write to readers that works here and is allowed, for the whole process.
 * Throws `HL_SEAM_UNAVAILABLE` when `session.seam` asks for the native handle and it cannot be used.
 */
export async function chooseSeam(
  wanted: Config['session']['seam'],
  log: Logger | undefined,
): Promise<WriteSeam> {
  const { seam, sheds, releases, reason, tookMs } = await testSeams()
  if (wanted === 'handle' && seam !== 'handle') {
    throw new HeartlineError(serverErrors.seamUnavailable, { reason })
  }
  if (wanted !== 'auto') limitSeam(wanted)
  const used = allowedSeam()
  const why = used === seam ? reason : `session.seam is ${wanted}`
  const about = {
    seam: used,
    withoutSockets: sheds && used === 'handle',
    withoutResponses: releases && used !== 'response',
    tookMs: Math.round(tookMs),
  }
  if (why === undefined) log?.info(about, 'Write seam')
  else if (wanted === 'auto') log?.warn({ ...about, reason: why }, 'Write seam: not the fastest')
  else log?.info({ ...about, reason: why }, 'Write seam: not the fastest')
  return used
}

/**
 * A way to send to many readers in one system call, where it is allowed and works. Only streams over
 * native handles can take part.
 */
export async function chooseBatchSender(
  wanted: Config['session']['ioUring'],
  seam: WriteSeam,
  log: Logger | undefined,
): Promise<BatchSender | 'none'> {
  if (wanted === 'off' || seam !== 'handle') return 'none'
  try {
    const { openRingSender } = await import('@heartline/io-uring')
    const sender = await openRingSender()
    log?.info({ sends: sender.capacity }, 'Many sends in one system call: io_uring')
    return sender
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    log?.info({ reason }, 'One system call for each send')
    return 'none'
  }
}
