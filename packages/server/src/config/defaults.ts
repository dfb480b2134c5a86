import { settings } from './setting.ts'

type Tree = Record<string, unknown>

/** All settings that have a default, as they would stand in a file. */
export function defaultTree(): Tree {
  const tree: Tree = {}
  for (const setting of settings) {
    if (setting.default === undefined) continue
    const keys = setting.path.split('.')
    const last = keys.pop() ?? setting.path
    let node = tree
    for (const key of keys) node = (node[key] ??= {}) as Tree
    node[last] = setting.default
  }
  return tree
}
