import type { HeartlineError } from '@heartline/wire'
import { reasonOf, storeFailed, toError } from '../errors.ts'

/** Does something with a store or an outbox. What fails is reported; nothing waits for it to work. */
export async function withStore(
  act: string,
  work: () => unknown,
  onError: (error: HeartlineError) => void,
): Promise<void> {
  try {
    await work()
  } catch (thrown) {
    onError(toError(storeFailed, { act, reason: reasonOf(thrown) }, thrown))
  }
}
