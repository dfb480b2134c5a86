import type { Handler, Route } from './route.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'DELETE'] as const

/** A route that fits a path. */
export interface Match {
  readonly route: Route
  readonly parameters: Readonly<Record<string, string>>
}

/** Finds routes by path. Paths are compared as they are sent, without decoding. */
export class Router {
  readonly #exact = new Map<string, Route>()
  readonly #patterns: { readonly pattern: RegExp; readonly route: Route }[] = []

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      if (!route.path.includes('{')) this.#exact.set(route.path, route)
      else this.#patterns.push({ pattern: toPattern(route.path), route })
    }
  }

  find(path: string): Match | undefined {
    const exact = this.#exact.get(path)
    if (exact !== undefined) return { route: exact, parameters: {} }
    for (const { pattern, route } of this.#patterns) {
      const match = pattern.exec(path)
      if (match !== null) return { route, parameters: { ...match.groups } }
    }
    return undefined
  }
}

/** The methods a route takes, for `Allow`. */
export function methodsOf(route: Route): string[] {
  const taken = METHODS.filter((method) => handlerOf(route, method) !== undefined)
  return [...taken, 'OPTIONS']
}

export function handlerOf(route: Route, method: string): Handler | undefined {
  if (method === 'HEAD') return route.HEAD ?? route.GET
  return (METHODS as readonly string[]).includes(method)
    ? route[method as (typeof METHODS)[number]]
    : undefined
}

/** Segments hold what session ids are made of and nothing that needs decoding. */
function toPattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>[A-Za-z0-9._~-]{1,128})')}$`)
}
