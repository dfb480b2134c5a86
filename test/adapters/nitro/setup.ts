import type { Setup } from '../target.ts'

/** A built application makes its routes by itself: what they are fed with is found here. */
const shared = globalThis as { nitroSetup?: Setup }

export function setUp(setup: Setup): void {
  shared.nitroSetup = setup
}

export function currentSetup(): Setup {
  return shared.nitroSetup as Setup
}
