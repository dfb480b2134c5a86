/**
 * `npm run plain-hub -w @heartline/examples`: crashes a hub under its reader, and exits with 1 when an
 * order is lost or comes twice. `--check` is the same.
 */
import { checkHub } from './check.ts'

const problems = await checkHub()
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
else console.log('Every order came once, across a crash and a pause.')
