import { openRingSender } from '@heartline/io-uring'

export async function send(fd: number, bytes: Uint8Array): Promise<number | undefined> {
  // #region send
  // Throws HL_IO_URING_UNAVAILABLE, with the reason, where it cannot be used.
  const sender = await openRingSender()
  sender.add(fd, bytes)
  sender.submit()
  const [taken] = sender.results // bytes, or a negative error number
  // #endregion
  return taken
}
