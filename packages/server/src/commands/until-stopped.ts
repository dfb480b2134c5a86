import type { ProcessLogger } from '../log.ts'
import type { HeartlineServer } from '../server.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/**
 * Waits for SIGTERM or SIGINT and stops the server in good order. A second signal ends the process
 * at once.
 */
export async function untilStopped(
  server: Pick<HeartlineServer, 'stop'>,
  log: ProcessLogger,
): Promise<void> {
  const signal = await firstSignal()
  log.info({ signal }, 'Leaving; a second signal ends at once')
  for (const name of SIGNALS) {
    process.once(name, () => {
      log.flush()
      process.exit(1)
    })
  }
  await server.stop()
  log.info({}, 'Stopped')
  log.flush()
  // What a reader's half-open connection or a timer holds must not keep the process.
  process.exit(0)
}

function firstSignal(): Promise<string> {
  return new Promise((resolve) => {
    const stop = (signal: string): void => {
      for (const name of SIGNALS) process.off(name, stop)
      resolve(signal)
    }
    for (const name of SIGNALS) process.on(name, stop)
  })
}
