/**
 * `npm run llm-tokens -w @heartline/examples`: serves answers. `-- --port 4000` says where;
 * `-- --check` reads one across a cut instead and exits with 1 when something is wrong.
 */
import { parseArgs } from 'node:util'
import { checkAnswers } from './check.ts'
import { fakeModel } from './fake-model.ts'
import { createAnswerServer } from './server.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8434' },
    check: { type: 'boolean', default: false },
  },
})

if (values.check) {
  const problems = await checkAnswers()
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  else console.log('The answers are what they say.')
} else {
  const server = createAnswerServer(fakeModel, new Map()).listen(Number(values.port), '127.0.0.1')
  const url = `http://127.0.0.1:${values.port}/answers`
  console.log(`  curl -X POST '${url}/?prompt=Count'\n  curl -N ${url}/<id>\n\nCtrl+C ends it.`)
  process.once('SIGINT', () => server.close())
}
