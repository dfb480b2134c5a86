import type { ProcessLogger } from '../log.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const
/**
 * A Ctrl-C comes twice to a program that npm started: from the terminal, and passed on by npm. A
 * SIGINT that follows the first signal so soon is taken for the same.
 */
const SAME_CTRL_C_MS = 500

/** What a signal ends. */
export interface Stoppable {
  stop(): Promise<void>
  /** Ends at once what the end of this process would leave behind. Default: nothing. */
  kill?(): void
}

/**
 * Waits for SIGTERM or SIGINT and stops the server in good order. A second signal ends the process
 * at once.
 */
export async function untilStopped(server: Stoppable, log: ProcessLogger): Promise<void> {
  const signal = await firstSignal(() => {
    server.kill?.()
    log.flush()
    process.exit(1)
  })
  log.info({ signal }, 'Leaving; a second signal ends at once')
  await server.stop()
  log.info({}, 'Stopped')
  log.flush()
  // What a reader's half-open connection or a timer holds must not keep the process.
  process.exit(0)
}

/**
 * One handler from beginning to end: between taking one away and adding another, a signal would
 * end the process without a word.
 */
function firstSignal(onSecond: () => void): Promise<string> {
  return new Promise((resolve) => {
    let leftAt: number | undefined
    const handle = (signal: string): void => {
      if (leftAt === undefined) {
        leftAt = performance.now()
        resolve(signal)
      } else if (signal !== 'SIGINT' || performance.now() - leftAt >= SAME_CTRL_C_MS) {
        onSecond()
      }
    }
    for (const name of SIGNALS) process.on(name, handle)
  })
}
