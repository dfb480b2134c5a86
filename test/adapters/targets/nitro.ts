import { createServer, type RequestListener } from 'node:http'
import { buildNitro, type Nitro } from '../nitro/build.ts'
import { setUp } from '../nitro/setup.ts'
import type { AdapterTarget } from '../target.ts'
import { listen } from './listen.ts'

interface Built {
  /** Of Nitro 3. */
  readonly middleware?: RequestListener
  /** Of Nitro 2. */
  readonly listener?: RequestListener
}

/** Built once, and imported as who mounts it in a server of their own does. */
export async function nitroTarget(nitro: Nitro): Promise<AdapterTarget> {
  const preset = nitro.application === '3' ? 'node-middleware' : 'node-listener'
  const { middleware, listener } = (await import(await buildNitro({ ...nitro, preset }))) as Built
  return {
    name: nitro.name,
    http: 1,
    helmet: 'x-frame-options',
    start: (setup) => {
      setUp(setup)
      return listen(createServer((middleware ?? listener) as RequestListener))
    },
  }
}
