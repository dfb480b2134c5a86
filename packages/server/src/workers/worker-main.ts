import { keepHeapTight } from '../heap.ts'

keepHeapTight()
// Only then: what is loaded counts.
const { runWorker } = await import('./worker.ts')
await runWorker()
