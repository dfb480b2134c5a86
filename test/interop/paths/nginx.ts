import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../kit/free-port.ts'
import type { InteropPath, PathTarget, RunningPath } from './path.ts'
import { programMissing, startProxy } from './proxy-process.ts'

const FIXTURES = new URL('../../../packages/server/test/fixtures/', import.meta.url)
const CERTIFICATE = fileURLToPath(new URL('localhost-cert.pem', FIXTURES))
const PRIVATE_KEY = fileURLToPath(new URL('localhost-key.pem', FIXTURES))
const TLS = `ssl_certificate ${CERTIFICATE}; ssl_certificate_key ${PRIVATE_KEY};`
const missing = (): string | undefined => programMissing('nginx')

export const nginx: InteropPath = {
  name: 'nginx',
  isHttp2: false,
  cutsIdle: true,
  missing,
  open: (target) => open(target, false),
}

export const nginxHttp2: InteropPath = {
  name: 'nginx with TLS and HTTP/2',
  isHttp2: true,
  cutsIdle: true,
  missing,
  open: (target) => open(target, true),
}

async function open(target: PathTarget, isHttp2: boolean): Promise<RunningPath> {
  const port = await freePort()
  const proxy = await startProxy({
    port,
    template: new URL('nginx.conf', import.meta.url),
    values: {
      LISTEN: `127.0.0.1:${port}${isHttp2 ? ' ssl http2' : ''}`,
      TLS: isHttp2 ? TLS : '',
      TARGET: String(target.port),
      IDLE_MS: String(target.idleMs),
      BUFFERING: target.forbidsBuffering ? 'on' : 'off',
    },
    command: (directory, file) => ['nginx', '-p', directory, '-c', file, '-e', 'stderr'],
  })
  return {
    // The certificate names it.
    url: isHttp2 ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    killAndRestart: () => proxy.killAndRestart(),
    protocols: () => readFileSync(join(proxy.directory, 'access.log'), 'latin1').trim().split('\n'),
    close: () => proxy.close(),
  }
}
