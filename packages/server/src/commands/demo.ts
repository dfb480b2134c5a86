import { HeartlineError } from '@heartline/wire'
import { Command, InvalidArgumentError } from 'commander'
import type { Config } from '../config/config.ts'
import { DEMO_DEFAULTS, DEMO_DIRECTORY, runDemo } from '../demo/demo.ts'
import { serverErrors } from '../errors.ts'
import { createLogger } from '../log.ts'
import { announce } from './serve.ts'
import { addSettingOptions, configOf } from './setting-options.ts'
import { untilStopped } from './until-stopped.ts'

const MAX_SPEED = 1_000
const ONE_PROCESS = 'The demo runs in one process. Use `heartline serve` for several workers.'

const HELP = `
Replays a week of earthquakes (USGS, 2018) into quakes/<class> and ten years of share
prices into stocks/<symbol>, again and again. The log is kept in ${DEMO_DIRECTORY} unless
--store says otherwise; after a restart the replay goes on where it stopped.

Classes of earthquakes: micro (below magnitude 2), minor (2), light (4), moderate (5),
strong (6 and more).

Examples:
  $ heartline demo
  $ heartline demo --speed 10 --listen 127.0.0.1:9000
  $ heartline demo --store memory
`

/** `heartline demo`. */
export function demoCommand(): Command {
  const command = new Command('demo')
    .description('Run a hub with a console, and replay recorded data into it.')
    .option('--speed <number>', 'how many times faster to replay (default: 1)', toSpeed)
    .addHelpText('after', HELP)
  return addSettingOptions(command).action(async () => {
    await demo(
      configOf(command, DEMO_DEFAULTS),
      command.getOptionValue('speed') as number | undefined,
    )
  })
}

async function demo(config: Config, speed: number | undefined): Promise<void> {
  if (config.workers !== 1) throw new HeartlineError(serverErrors.usage, { reason: ONE_PROCESS })
  const log = createLogger(config.log, process.stderr.isTTY)
  const server = await runDemo(config, { log, speed })
  // Whoever reads this may send a signal at once.
  const stopped = untilStopped(server, log)
  process.stdout.write(`${announce(config, server)}\n${explain(server.url)}`)
  await stopped
}

function explain(url: string): string {
  return `
  Console    ${url}/
  Terminal   curl -N '${url}/v1/events?topic=stocks/**'
  Browser    new EventSource('${url}/v1/events?topic=quakes/**').onmessage = (e) => console.log(e.data)
  Publish    curl '${url}/v1/events' -H 'Content-Type: application/json' -d '{"topic":"notes/hi","data":"hello"}'

Recorded share prices and earthquakes are replayed into stocks/** and quakes/**. Ctrl-C stops.
`
}

function toSpeed(text: string): number {
  const speed = Number(text)
  if (speed > 0 && speed <= MAX_SPEED) return speed
  throw new InvalidArgumentError(`Give a number above 0, up to ${MAX_SPEED}.`)
}
