import type { Session } from '@heartline/session/fetch'
import type { EventFields } from '@heartline/wire'

/**
 * Sends a frame when the reader took what there was before. Nothing else waits then, so that a frame
 * of any size may go: what is queued behind another is bounded. The frame is written when its time
 * has come, and nobody comes between the look and the sending, however many wait.
 */
export async function sendWhenFree(
  session: Session,
  toFrame: () => EventFields,
  isWanted: () => boolean,
): Promise<void> {
  while (session.isBlocked && isWanted()) await session.ready()
  if (session.isOpen && isWanted()) session.send(toFrame())
}
