import { freePort } from '../../kit/free-port.ts'
import type { InteropPath, PathTarget, RunningPath } from './path.ts'
import { programMissing, startProxy } from './proxy-process.ts'

export const haproxy: InteropPath = {
  name: 'haproxy',
  isHttp2: false,
  cutsIdle: true,
  missing: () => programMissing('haproxy'),
  open,
}

async function open(target: PathTarget): Promise<RunningPath> {
  const port = await freePort()
  const proxy = await startProxy({
    port,
    template: new URL('haproxy.cfg', import.meta.url),
    values: {
      LISTEN: String(port),
      TARGET: String(target.port),
      IDLE_MS: String(target.idleMs),
    },
    command: (_, file) => ['haproxy', '-db', '-f', file],
  })
  return {
    url: `http://127.0.0.1:${port}`,
    killAndRestart: () => proxy.killAndRestart(),
    close: () => proxy.close(),
  }
}
