import { defineNitroConfig } from 'nitro/config'

const { NITRO_TEST_OUTPUT: folder = '.output' } = process.env
const config = defineNitroConfig({
  preset: 'node-middleware',
  compatibilityDate: '2026-11-01',
  exportConditions: ['@heartline/source'],
  buildDir: `${folder}/build`,
  output: { dir: folder, serverDir: `${folder}/server`, publicDir: `${folder}/public` },
})

export { config as default }
