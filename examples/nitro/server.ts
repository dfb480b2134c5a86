/** Builds the application as `nitro build` does, and starts the server that was built. */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, copyPublicAssets, createNitro, prepare } from 'nitro'

const nitro = await createNitro({
  rootDir: join(import.meta.dirname, 'app'),
  preset: 'node-server',
  // Of this repository the sources, which need no build.
  exportConditions: ['@heartline/source'],
})
await prepare(nitro)
await copyPublicAssets(nitro)
await build(nitro)
await nitro.close()

process.env['HOST'] = '127.0.0.1'
// To Nitro 0 is 3000.
if (process.env['PORT'] === '0') process.env['PORT'] = String(await freePort())
// It says where it listens. At SIGTERM it closes, which tells the readers when to come back.
await import(pathToFileURL(join(nitro.options.output.serverDir, 'index.mjs')).href)

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
