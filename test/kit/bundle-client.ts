import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const SOURCES = fileURLToPath(new URL('../../packages/client/src/', import.meta.url))
const ENTRY = '\0entry'

/** One script for a page, that exports what these entries of the client export (`index.ts`). */
export async function bundleClient(entries: readonly string[]): Promise<string> {
  const text = entries.map((file) => `export * from ${JSON.stringify(SOURCES + file)}\n`).join('')
  const build = await rolldown({
    input: ENTRY,
    platform: 'browser',
    resolve: { conditionNames: ['@heartline/source'] },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === ENTRY ? id : undefined),
        load: (id) => (id === ENTRY ? text : undefined),
      },
    ],
  })
  const { output } = await build.generate({ format: 'esm' })
  await build.close()
  return output[0].code
}
