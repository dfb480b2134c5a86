import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './paths.mjs'
import { step } from './step.mjs'

const bin = (path) => join(ROOT, 'node_modules', path)
const tsx = bin('tsx/dist/cli.mjs')
const tsc = bin('typescript/bin/tsc')

const STEPS = [
  ['Format', [bin('oxfmt/bin/oxfmt'), '--check', '.'], 'run `npm run format`.'],
  [
    'Lint',
    [bin('oxlint/bin/oxlint')],
    'correct the places above; .oxlintrc.json says which rules count.',
  ],
  ['Types of the tests', [tsc, '-p', 'tsconfig.test.json'], 'correct the types above.'],
  ['Types of the console', [tsc, '-p', 'packages/console'], 'correct the types above.'],
  ['Types of decorators', [tsc, '-p', 'examples/nest'], 'correct the types above.'],
  [
    'Floors',
    [tsx, 'tools/check-floors.ts'],
    'move the code down a floor, or the arrow: see ARCHITECTURE.md.',
  ],
  [
    'Size in browsers',
    [tsx, 'tools/check-size.ts'],
    'make it smaller; `npx tsx tools/check-size.ts --print` shows every size.',
  ],
  ['Requirements', [tsx, 'tools/check-spec.ts'], 'correct the rows of spec/ or what names them.'],
  [
    'Unused code',
    [bin('knip/bin/knip.js')],
    'remove what nothing uses, or say in knip.json why it stays.',
  ],
]

/** Everything but the tests that a change must pass. Stops at the first failure. */
export async function check() {
  for (const [title, args, hint] of [...STEPS, ...generators(), ...publishedPackages()]) {
    await step(title, process.execPath, args, { hint })
  }
}

/** Every program that writes a page of the reference also checks it. */
function generators() {
  return readdirSync(join(ROOT, 'tools'))
    .filter((name) => /^generate-.*\.ts$/.test(name))
    .map((name) => [
      `Up to date: ${name}`,
      [tsx, '--conditions=@heartline/source', `tools/${name}`, '--check'],
      `run \`npx tsx --conditions=@heartline/source tools/${name}\` and commit the result.`,
    ])
}

const isThere = (folder) => existsSync(join(ROOT, folder))

function publishedPackages() {
  const folders = ['packages', 'brokers', 'adapters']
    .filter(isThere)
    .flatMap((parent) => readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}`))
  return folders
    .filter(isPublished)
    .map((folder) => [
      `Package ${folder}`,
      [bin('publint/src/cli.js'), 'run', folder, '--pack', 'false', '--strict'],
      'correct package.json as said above.',
    ])
}

function isPublished(folder) {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')).private !== true
}
