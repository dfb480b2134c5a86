import { once } from 'node:events'
import http2 from 'node:http2'
import { connect, type Socket } from 'node:net'
import { createMemoryBroker } from '@heartline/broker'
import { createHub, type Hub } from '@heartline/hub'
import { StreamMetrics, type Session, type StreamHandler } from '@heartline/session'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { sleep, until } from '../../packages/session/test/kit/reader.ts'
import { Client } from './client.ts'
import type { AdapterTarget, Application } from './target.ts'

const authorization = { authorization: 'yes' }

/** Readers that do what readers should not, and some that do what few do: nothing is left of them. */
export function describeUnkindReaders(targets: readonly AdapterTarget[]): void {
  const named = targets.map((target) => [`${target.name}, HTTP/${target.http}`, target] as const)
  describe.each(named)('%s, and unkind readers', (_, target) => {
    let hub: Hub
    let application: Application
    let metrics: StreamMetrics
    let handler: StreamHandler
    let authorize: () => Promise<void>
    let headers: Record<string, string>
    let errors: unknown[]
    const rejections: unknown[] = []
    const onRejection = (reason: unknown): void => void rejections.push(reason)
    const counts = () => metrics.counts('adapter')!
    const waits: StreamHandler = async (session, signal) => {
      session.send({ data: 'here' })
      // Who pipelines is cut off by the first thing that is sent.
      if (signal.aborted) return
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    }

    beforeEach(async () => {
      hub = await createHub({ broker: createMemoryBroker() })
      errors = []
      metrics = new StreamMetrics({ onError: (error) => void errors.push(error) })
      handler = waits
      authorize = () => Promise.resolve()
      headers = {}
      application = await target.start({
        hub,
        monitor: metrics.monitor('adapter'),
        handler: (session, signal, context) => handler(session, signal, context),
        authorize: () => authorize(),
        headers,
      })
      process.on('unhandledRejection', onRejection)
    })

    afterEach(async () => {
      await Promise.race([application.close(), sleep(5_000)])
      await hub.close()
      process.off('unhandledRejection', onRejection)
      expect(rejections.splice(0)).toEqual([])
    })

    const ask = (what: ConstructorParameters<typeof Client>[2]): Client => {
      const client = new Client(target.http, application.port, what)
      onTestFinished(() => client.leave())
      return client
    }

    const isQuiet = (): boolean =>
      counts().open === 0 && counts().handlers === 0 && hub.stats().sessions === 0

    /** The server goes on as if nothing had been. */
    async function expectService(): Promise<void> {
      await until(isQuiet)
      const client = ask({})
      await until(() => client.data.includes('here'))
      client.leave()
      await until(isQuiet)
    }

    function raw(text: string): Socket {
      const socket = connect(application.port, '127.0.0.1')
      socket.on('error', () => undefined).resume()
      socket.write(text)
      onTestFinished(() => void socket.destroy())
      return socket
    }

    it('answers HEAD with the head alone, or not at all', async () => {
      for (const path of ['/stream', '/events?topic=news']) {
        const client = ask({ path, method: 'HEAD', headers: authorization })
        const { status, headers } = await client.head
        expect([200, 404, 405]).toContain(status)
        if (status === 200) expect(headers['content-type']).toBe('text/event-stream')
        await until(() => client.isGone)
        expect(client.received.text).toBe('')
      }
      await expectService()
    })

    it('answers with a real 500 when the head cannot be made, and not with silence', async () => {
      // As of an application that puts into a header what a reader has sent.
      headers['x-greeting'] = 'hello\r\nset-cookie: a=b'
      for (const path of ['/stream', '/events?topic=news']) {
        const client = ask({ path, headers: authorization })
        const { status, headers: sent } = await client.head
        expect(status).toBe(500)
        expect(sent).not.toHaveProperty('set-cookie')
      }
      await until(isQuiet)
      expect(counts().opened).toBe(0)
      delete headers['x-greeting']
      await expectService()
    })

    it('keeps nothing of a reader that goes while it is authorized', async () => {
      let isAsked = false
      let open = (): void => {}
      authorize = () => {
        isAsked = true
        return new Promise((resolve) => (open = resolve))
      }
      const client = ask({ path: '/events?topic=news', headers: authorization })
      await until(() => isAsked)
      client.leave()
      await sleep(50)
      open()
      await sleep(50)
      expect(hub.stats().sessions).toBe(0)
      await expectService()
    })

    it('keeps nothing of a reader that goes before its handler has sent anything', async () => {
      let isAborted = false
      let isCalled = false
      handler = async (_session, signal) => {
        isCalled = true
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        isAborted = true
      }
      const client = ask({})
      await until(() => isCalled)
      client.leave()
      await until(() => isAborted)
      handler = waits
      await expectService()
    })

    it('keeps nothing of a reader that goes while it sends its body', async () => {
      if (target.http === 1) {
        const begun = 'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"question":'
        const socket = raw(`POST /stream HTTP/1.1\r\nHost: a\r\n${begun}`)
        await sleep(50)
        socket.resetAndDestroy()
      } else {
        const connection = http2.connect(`http://127.0.0.1:${application.port}`)
        connection.on('error', () => undefined)
        onTestFinished(() => connection.destroy())
        const headers = {
          ':path': '/stream',
          ':method': 'POST',
          'content-type': 'application/json',
        }
        const stream = connection.request(headers)
        stream.on('error', () => undefined)
        stream.write('{"question":')
        await sleep(50)
        stream.close(http2.constants.NGHTTP2_CANCEL)
      }
      await expectService()
    })

    it('does not wait for readers that take nothing when it closes', async () => {
      const sessions: Session[] = []
      let sent = 0
      handler = async (session, signal) => {
        sessions.push(session)
        const chunk = 'x'.repeat(65_536)
        for (; !signal.aborted; sent++) {
          session.send({ data: chunk })
          await session.ready()
        }
      }
      const readers = Array.from({ length: 5 }, () => ask({ isPaused: true }))
      let before = 0
      // Until what is on the way is full, too.
      const isStuck = async (): Promise<boolean> => {
        before = sent
        await sleep(200)
        return before === sent && sessions.filter(({ isBlocked }) => isBlocked).length === 5
      }
      while (!(await isStuck()));
      const start = performance.now()
      await application.close()
      // 500 ms for what may still be taken.
      expect(performance.now() - start).toBeLessThan(4_000)
      await until(isQuiet)
      expect(counts().ended).toEqual({ drained: 5 })
      for (const reader of readers) reader.leave()
    })

    it('does not wait for a reader whose last bytes the framework holds when it closes', async () => {
      let isSent = false
      handler = async (session) => {
        const chunk = 'x'.repeat(65_536)
        while (!session.isBlocked) session.send({ data: chunk })
        isSent = await session.ready()
      }
      const reader = ask({ isPaused: true })
      await Promise.race([until(() => isSent), sleep(500)])
      const start = performance.now()
      await application.close()
      expect(performance.now() - start).toBeLessThan(4_000)
      await until(isQuiet)
      reader.leave()
    })

    it('runs all clean-ups, and reports the one that throws', async () => {
      const failure = new Error('cannot clean up')
      const order: string[] = []
      handler = (session) => {
        session.onCleanup(() => void order.push('first'))
        session.onCleanup(() => {
          throw failure
        })
        session.onCleanup(() => void order.push('last'))
        session.send({ data: 'here' })
      }
      const client = ask({})
      await until(() => client.data.includes('here'))
      client.leave()
      await until(() => order.length === 2)
      expect(order.toSorted()).toEqual(['first', 'last'])
      expect(errors).toEqual([failure])
      await expectService()
    })

    it.runIf(target.http === 1)('outlives readers that pipeline', async () => {
      const request = 'GET /stream HTTP/1.1\r\nHost: a\r\n\r\n'
      const socket = raw(request.repeat(3))
      const closed = once(socket, 'close')
      await sleep(100)
      socket.destroy()
      await closed
      await expectService()
    })

    it.runIf(target.http === 2)('notices streams that are reset on one connection', async () => {
      const connection = http2.connect(`http://127.0.0.1:${application.port}`)
      onTestFinished(() => connection.destroy())
      const codes = [http2.constants.NGHTTP2_CANCEL, http2.constants.NGHTTP2_INTERNAL_ERROR]
      const stay = connection.request({ ':path': '/stream' })
      let isOver = false
      stay.on('close', () => (isOver = true)).resume()
      for (let i = 0; i < 50; i++) {
        const stream = connection.request({ ':path': '/stream' })
        stream.on('error', () => undefined)
        await once(stream, 'data')
        stream.close(codes[i % 2])
      }
      await until(() => counts().open === 1)
      expect(isOver).toBe(false)
      connection.destroy()
      await expectService()
    })
  })
}
