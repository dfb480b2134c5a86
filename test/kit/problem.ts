import { expect } from 'vitest'
import type { HttpAnswer } from './http-call.ts'

/** Expects a problem document (RFC 9457) with a status and a stable code. Answers the document. */
export function expectProblem(
  answer: HttpAnswer,
  status: number,
  code: string,
): Record<string, unknown> {
  expect(`${answer.status} ${answer.text}`).toContain(`"code":"${code}"`)
  expect(answer.status).toBe(status)
  expect(answer.headers['content-type']).toBe('application/problem+json')
  const problem = JSON.parse(answer.text) as Record<string, unknown>
  expect(problem).toMatchObject({ status, code })
  expect(problem['type']).toBeTypeOf('string')
  expect(problem['title']).toBeTypeOf('string')
  expect(problem['detail']).toBeTypeOf('string')
  return problem
}
