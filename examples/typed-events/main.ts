/**
 * `npm run typed-events -w @heartline/examples`: serves events with schemas, and their description.
 * `-- --port 4000` says where; `-- --check` reads them instead and exits with 1 when something is
 * wrong.
 */
import { parseArgs } from 'node:util'
import { checkTypedEvents } from './check.ts'
import { startService } from './service.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8433' },
    check: { type: 'boolean', default: false },
  },
})

if (values.check) {
  const problems = await checkTypedEvents()
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  else console.log('What is sent is what was defined.')
} else {
  const { url, server } = await startService(Number(values.port))
  console.log(`curl -N ${url}/ticks\ncurl ${url}/openapi.json\n\nCtrl+C ends it.`)
  process.once('SIGINT', () => server.close())
}
