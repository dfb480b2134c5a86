/** Bun and Deno take `service.ts` as it is: `bun service.ts`, `deno serve service.ts`. Node needs a host. */
import { serveFetch } from '../kit/serve-fetch.ts'
import service, { hub } from './service.ts'

serveFetch((request) => service.fetch(request), hub)
