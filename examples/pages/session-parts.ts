import {
  createKernelWatch,
  kernelRoundMs,
  limitSeam,
  testSeams,
  type KernelWatch,
  type Session,
  type SessionEnd,
} from '@heartline/session'

export async function chooseSeam(): Promise<string> {
  // #region seam
  const { seam, reason } = await testSeams() // { seam: 'handle', reason: undefined }
  limitSeam('socket') // only public interfaces of Node, in the whole process
  // #endregion
  return `${seam} ${reason}`
}

interface Batch {
  readonly chunk: Uint8Array
  readonly bytes: Uint8Array
}

export function fanOut(
  session: Session,
  { chunk, bytes }: Batch,
  catchUp: (session: Session) => void,
  forget: (session: Session, end: SessionEnd) => void,
): void {
  // #region fan-out
  session.observe({
    onWritable: (writable) => catchUp(writable),
    onEnd: (ended, end) => forget(ended, end),
  })
  if (!session.isBlocked) session.writeFramed(session.framing === 'chunked' ? chunk : bytes)
  // #endregion
}

export function watchKernel(): { sessions: Set<Session>; watch: KernelWatch } {
  // #region kernel
  const sessions = new Set<Session>()
  const watch = createKernelWatch({
    sessions,
    maxUnacknowledgedMs: 10_000,
    roundMs: kernelRoundMs(15_000),
  })
  watch.start()
  // #endregion
  return { sessions, watch }
}
