import { setTimeout as sleep } from 'node:timers/promises'

/** Says the numbers up to 60, one each 50 ms. */
export async function* fakeModel(prompt: string, signal: AbortSignal): AsyncGenerator<string> {
  yield `${prompt}:`
  for (let n = 1; n <= 60; n++) {
    await sleep(50, undefined, { signal })
    yield ` ${n}`
  }
}
