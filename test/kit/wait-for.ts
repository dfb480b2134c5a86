import { setTimeout as sleep } from 'node:timers/promises'

export interface WaitForOptions {
  /** Ends the sentence "Waited in vain until ...". */
  readonly what: string
  /** Default 30,000. */
  readonly timeoutMs?: number | undefined
  /** Default 20. */
  readonly everyMs?: number | undefined
  /** Told when the wait fails: what the world looked like. */
  readonly report?: (() => string) | undefined
}

/** Resolves once the condition holds. Rejects after the time limit, and says what it waited for. */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  options: WaitForOptions,
): Promise<void> {
  const timeoutMs = options.timeoutMs ?? 30_000
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadline) {
      const report = options.report === undefined ? '' : `: ${options.report()}`
      throw new Error(`Waited in vain for ${timeoutMs} ms until ${options.what}${report}`)
    }
    await sleep(options.everyMs ?? 20)
  }
}

export { sleep }
