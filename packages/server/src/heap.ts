import { setFlagsFromString } from 'node:v8'

/**
 * Keeps the resident memory of a hub near what it really holds. Call it before anything large is
 * made.
 *
 * By default the engine lets its young space grow to 48 MiB and its old space to several times what
 * lives in it before it collects: a hub that publishes 500 MB settles at 180 MiB where it needs 100.
 * What a hub keeps for long are sessions and shared buffers, what it makes for an event is garbage
 * at once, so small spaces cost it little: about a tenth of the CPU of a publish, none of a delivery.
 */
export function keepHeapTight(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=50')
  // Where the cores are busy, the thread that delivers waits at the end of a collection for helpers
  // that have no core: ten thousand readers that come back at once then slow the live ones down
  // three times, and 1.6 times without helpers. What they would do is cheap in small spaces.
  setFlagsFromString('--no-concurrent-marking')
  setFlagsFromString('--no-parallel-scavenge')
}
