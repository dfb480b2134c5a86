import { keepHeapTight } from './heap.ts'

keepHeapTight()
// Only then: what is loaded counts.
const { runCli } = await import('./cli.ts')

// `heartline … | head` takes what it wants and closes the pipe: no failure, and no reason to go on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

process.exitCode = await runCli(process.argv.slice(2))
