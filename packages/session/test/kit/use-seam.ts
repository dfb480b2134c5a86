import { limitSeam, testSeams, type WriteSeam } from '../../src/index.ts'

/**
 * Runs before each test file: sessions write through the native handle, or through what
 * HEARTLINE_TEST_SEAM names (`socket`, `response`), in this process and in the hubs it starts.
 */
const seam = process.env['TEST_SEAM']
await testSeams()
if (seam === 'socket' || seam === 'response') {
  const slower: WriteSeam = seam
  limitSeam(slower)
  process.env['HEARTLINE_SESSION_SEAM'] = slower
}
