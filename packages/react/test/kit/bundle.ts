import { mkdtempSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type * as React from 'react'
import { rolldown } from 'rolldown'
import type * as hooks from '../../src/index.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
/** Each version stands beside a package of its own: two in one would be the wrong one for some. */
const HOMES = { 18: join(root, 'test/package.json'), 19: join(root, 'packages/react/package.json') }

export type ReactMajor = keyof typeof HOMES

export const REACT_MAJORS: readonly ReactMajor[] = [18, 19]

const ENTRY = '\0entry'
const HOOKS = JSON.stringify(join(root, 'packages/react/src/index.ts'))
const CLIENT = JSON.stringify(join(root, 'packages/client/src/index.ts'))
const BROWSER = JSON.stringify(join(root, 'packages/client/src/browser.ts'))
const TABS = JSON.stringify(join(root, 'packages/client/src/tabs/index.ts'))
const OUTBOX = JSON.stringify(join(root, 'packages/client/src/outbox/index.ts'))
const CACHE = JSON.stringify(join(root, 'packages/client/src/cache/index.ts'))

const SHARED = `
import * as React from 'react'
import * as hooks from ${HOOKS}
import * as client from ${CLIENT}
import * as cache from ${CACHE}
`

/** What a page of the tests loads: everything is on \`window.kit\`. */
export function bundlePage(major: ReactMajor): Promise<string> {
  return bundle(
    major,
    'browser',
    `${SHARED}
import { createRoot, hydrateRoot } from 'react-dom/client'
import { flushSync } from 'react-dom'
import * as browser from ${BROWSER}
import * as outbox from ${OUTBOX}
import * as tabs from ${TABS}
const ours = { ...hooks, ...client, ...browser, ...cache, ...outbox, ...tabs }
window.kit = { React, createRoot, hydrateRoot, flushSync, ...ours }`,
  )
}

/** What a server of the tests runs. */
export interface ServerKit {
  readonly React: typeof React
  readonly hooks: typeof hooks
  readonly renderToString: (element: unknown) => string
}

/** The hooks in a Node.js without a document. */
export async function loadServer(major: ReactMajor): Promise<ServerKit> {
  const code = await bundle(
    major,
    'node',
    `${SHARED}
export { renderToString } from 'react-dom/server'
export { React, hooks, client, cache }`,
  )
  const file = join(mkdtempSync(join(tmpdir(), 'heartline-react-')), 'server.mjs')
  writeFileSync(file, code)
  return (await import(pathToFileURL(file).href)) as ServerKit
}

async function bundle(major: ReactMajor, platform: 'browser' | 'node', text: string) {
  const require = createRequire(HOMES[major])
  const alias = Object.fromEntries(
    ['react', 'react-dom'].map((name) => [name, dirname(require.resolve(`${name}/package.json`))]),
  )
  const build = await rolldown({
    input: ENTRY,
    platform,
    logLevel: 'silent',
    resolve: { conditionNames: ['@heartline/source'], alias },
    transform: { define: { 'process.env.NODE_ENV': '"development"' } },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === ENTRY ? id : undefined),
        load: (id) => (id === ENTRY ? text : undefined),
      },
    ],
  })
  const { output } = await build.generate({ format: 'esm', codeSplitting: false })
  await build.close()
  return output[0].code
}
