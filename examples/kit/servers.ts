import { fileURLToPath } from 'node:url'

/** The folders with a server of notes. */
export const SERVERS: readonly string[] = [
  'express',
  'fastify',
  'koa',
  'hono',
  'h3',
  'nitro',
  'nest',
  'elysia',
  'node-http',
  'fetch',
  'nextjs',
  'sveltekit',
  'react-router',
]

/** The program of one of them. */
export function fileOf(name: string): string {
  return fileURLToPath(new URL(`../${name}/server.ts`, import.meta.url))
}
