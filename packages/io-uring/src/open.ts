import { RingSender } from './ring-sender.ts'
import { checkSender } from './self-test.ts'
import { loadSystemCalls } from './system-calls.ts'

/**
 * Opens a ring and proves on sockets of this machine that it sends in order, whole, and without harm
 * to a closed peer. Takes a few milliseconds, at most 2 s.
 * @throws HeartlineError `HL_IO_URING_UNAVAILABLE`, with the reason, where it cannot be used: not on
 * Linux 5.6 or later, forbidden (containers often forbid it), without the package koffi, or because
 * the proof failed
 */
export async function openRingSender(): Promise<RingSender> {
  const sender = new RingSender(await loadSystemCalls())
  await checkSender(sender)
  return sender
}
