import { Pace } from './pace.ts'
import type { Publisher } from './publisher.ts'
import { wholeBetween, type Random } from './random.ts'

/** Publishes until so many events are acknowledged: one at a time and in arrays, at a steady pace. */
export async function publishAll(
  publisher: Publisher,
  { events, perSecond }: { readonly events: number; readonly perSecond: number },
  random: Random,
): Promise<void> {
  const pace = new Pace(perSecond)
  while (publisher.acknowledged < events) {
    const count = Math.min(events - publisher.acknowledged, wholeBetween(random, 1, 12))
    await publisher.publish(count, count === 1 ? 'one' : 'array')
    await pace.take(count)
  }
}
