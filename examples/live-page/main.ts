/**
 * `npm run live-page -w @heartline/examples`: serves the page. `-- --port 3000` says where;
 * `-- --check` drives it with Chromium instead and exits with 1 when something is wrong.
 */
import { parseArgs } from 'node:util'
import { checkPage } from './check.ts'
import { Theatre } from './theatre.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8430' },
    check: { type: 'boolean', default: false },
    picture: { type: 'string' },
  },
})

const theatre = new Theatre()
await theatre.start(values.check ? 0 : Number(values.port))
if (values.check) {
  const problems = await checkPage(theatre, values.picture)
  await theatre.stop()
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  else console.log('The page does what it says.')
} else {
  console.log(`Open ${theatre.url}, in two tabs or more. Ctrl+C ends it.`)
  process.once('SIGINT', () => void theatre.stop())
}
