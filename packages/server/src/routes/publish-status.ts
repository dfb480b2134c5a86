import type { PublishResult } from '@heartline/hub'

/** 201 when this request stored something, 200 when all of it had been stored before. */
export function publishStatus(results: readonly PublishResult[]): number {
  return results.some((result) => !result.duplicate) ? 201 : 200
}
