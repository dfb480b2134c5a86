import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { extname } from 'node:path'
import type { Exchange } from '../http/exchange.ts'
import type { Route } from '../http/route.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
}

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
}

const HINT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Heartline</title>
<h1>Heartline is running</h1>
<p>The console is not built. Run <code>npm run build</code>, then restart.</p>
<p>The stream is at <a href="/v1/events?topic=**">/v1/events?topic=**</a>.</p>
</html>
`

interface Asset {
  readonly type: string
  readonly content: Buffer
}

/** The directory that the build of the console writes to, seen from `src` as from `dist`. */
const DIRECTORY = fileURLToPath(new URL('../../dist/console/', import.meta.url))

/**
 * `GET /` and the files of the console. All are read at the start: what a path names is looked up,
 * never opened.
 */
export function consoleRoutes(directory: string = DIRECTORY): Route[] {
  const assets = readAssets(directory)
  const index = assets.get('index.html') ?? {
    type: TYPES['.html'] ?? '',
    content: Buffer.from(HINT),
  }
  const rest = [...assets].filter(([name]) => name !== 'index.html')
  return [
    { path: '/', GET: (exchange) => sendAsset(exchange, index, 'no-cache') },
    ...rest.map(([name, asset]): Route => {
      // The build puts a hash of the content into these names.
      const caching = name.startsWith('assets/')
        ? 'public, max-age=31536000, immutable'
        : 'no-cache'
      return { path: `/${name}`, GET: (exchange) => sendAsset(exchange, asset, caching) }
    }),
  ]
}

function readAssets(directory: string): Map<string, Asset> {
  const assets = new Map<string, Asset>()
  if (!existsSync(directory)) return assets
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const type = TYPES[extname(name)]
    if (type === undefined) continue
    assets.set(name.replaceAll('\\', '/'), { type, content: readFileSync(`${directory}/${name}`) })
  }
  return assets
}

function sendAsset(exchange: Exchange, asset: Asset, caching: string): void {
  exchange.send(200, asset.content, {
    ...HEADERS,
    'content-type': asset.type,
    'cache-control': caching,
  })
}
