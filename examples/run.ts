/**
 * `npm run server -w @heartline/examples -- express`: serves notes with Express, and so on for the
 * other folders. `--check` reads them instead and exits with 1 when something is wrong.
 */
import { parseArgs } from 'node:util'
import { checkNotes } from './kit/check-notes.ts'
import { Program } from './kit/program.ts'
import { fileOf, SERVERS } from './kit/servers.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: 'boolean', default: false },
    port: { type: 'string', default: '3000' },
  },
})
const [name = ''] = positionals
if (!SERVERS.includes(name)) {
  console.error(`There is no server '${name}'. There are: ${SERVERS.join(', ')}.`)
  process.exitCode = 2
} else if (values.check) {
  const problems = await checkNotes(fileOf(name))
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  else console.log('The server does what it says.')
} else {
  const program = await Program.start(fileOf(name), Number(values.port))
  console.log(`${program.output}
  curl -N ${program.url}/events -H 'Authorization: Bearer ann-secret'
  curl ${program.url}/notes/ann -H 'Authorization: Bearer bob-secret' \\
    -H 'Content-Type: application/json' -d '{"text":"hello"}'

Ctrl+C ends it.`)
  process.once('SIGINT', () => void program.stop())
}
