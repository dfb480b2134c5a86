import { keepHeapTight } from './heap.ts'

keepHeapTight()
// Only then: what is loaded counts.
const { watchOutput } = await import('./closed-output.ts')
const { runCli } = await import('./cli.ts')

watchOutput()
process.exitCode = await runCli(process.argv.slice(2))
