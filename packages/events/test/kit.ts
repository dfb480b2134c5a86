import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { defineEvents, type SchemaResult, type StandardSchema } from '../src/index.ts'

/** The same events, described with three libraries. */
export const libraries = {
  zod: defineEvents({
    tick: z.object({ n: z.number().int(), note: z.string().optional() }),
    done: z.enum(['good', 'bad']),
  }),
  valibot: defineEvents({
    tick: v.object({ n: v.pipe(v.number(), v.integer()), note: v.optional(v.string()) }),
    done: v.picklist(['good', 'bad']),
  }),
  arktype: defineEvents({
    tick: type({ n: 'number.integer', 'note?': 'string' }),
    done: type("'good' | 'bad'"),
  }),
}

/** Each under the type of one, which is all the same to a test. */
export const eachLibrary: readonly (readonly [string, typeof libraries.zod])[] = Object.entries(
  libraries,
) as never

/** A schema made of a function, as libraries make them. */
export function schemaOf<Input, Output = Input>(
  validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>,
): StandardSchema<Input, Output> {
  return { '~standard': { version: 1, vendor: 'test', validate } }
}

/** A server on a free port until it is closed. */
export async function serve(
  listener: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<{ readonly url: string; close(this: void): Promise<void> }> {
  const server = createServer((request, response) => void listener(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The code of what is thrown. */
export function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
  return 'nothing was thrown'
}

/** The code of what it rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'nothing was thrown',
    (error: { code?: string }) => error.code ?? 'an error without a code',
  )
}
