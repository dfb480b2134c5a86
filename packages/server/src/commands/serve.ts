import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { describeStore } from '../config/store.ts'
import { createLogger, type ProcessLogger } from '../log.ts'
import { createServer, type HeartlineServer } from '../server.ts'
import { addSettingOptions, configOf } from './setting-options.ts'
import { untilStopped } from './until-stopped.ts'

const HELP = `
Every option is also a key of the configuration file and an environment variable
(--drain-deadline is drain.deadlineMs and HEARTLINE_DRAIN_DEADLINE_MS). Options win over
the environment, that wins over the file.

A time is 500ms, 1s, 2m, 1h, 7d or a number of milliseconds, a size 512KiB, 1MiB, 1GiB or a
number of bytes.

Examples:
  $ heartline serve
  $ heartline serve --listen 127.0.0.1:9000 --store disk:./data --heartbeat 5s
  $ heartline serve --listen :8420 --key-secret-file secret.txt --cors-origins https://app.example
  $ heartline serve --listen :8421 --upstream http://10.0.0.1:8420 --upstream-token-file token.txt
  $ HEARTLINE_STORE=disk:/var/lib/heartline heartline serve --config /etc/heartline.json
`

/** `heartline serve`. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .description('Run a hub until SIGTERM or SIGINT; then end all streams in good order.')
    .addHelpText('after', HELP)
  return addSettingOptions(command).action(async () => {
    await serve(configOf(command))
  })
}

async function serve(config: Config): Promise<void> {
  const log = createLogger(config.log, process.stderr.isTTY)
  const workers = config.workers === 0 ? availableParallelism() : config.workers
  if (workers > 1) return serveWithWorkers(config, workers, log)
  const server = await createServer(config, { log }).catch((error: unknown) => {
    // What was logged comes before the reason.
    log.flush()
    throw error
  })
  // Whoever reads the line may send a signal at once.
  const stopped = untilStopped(server, log)
  process.stdout.write(`${announce(config, server)}\n`)
  await stopped
}

async function serveWithWorkers(config: Config, count: number, log: ProcessLogger): Promise<void> {
  // A process alone has no use for what several need.
  const { openSupervisor } = await import('../workers/supervisor.ts')
  const supervisor = await openSupervisor(config, count, log)
  const address = await supervisor.start()
  const stopped = untilStopped(supervisor, log)
  process.stdout.write(`${announce(config, address, count)}\n`)
  await Promise.race([stopped, supervisor.failed])
}

/** The line that says that connections are accepted. */
export function announce(
  config: Config,
  server: Pick<HeartlineServer, 'url' | 'isDevelopment'>,
  workers: number = 1,
): string {
  const store = describeStore(config.store)
  const many = workers > 1 ? `, ${workers} workers` : ''
  const mode = server.isDevelopment ? ', development mode: no key, loopback only' : ''
  return `heartline: listening on ${server.url} (${store}${many}${mode})`
}
