import { expect } from 'vitest'
import { brief, type Rules } from '../kit/rule.ts'
import { stream } from '../kit/site.ts'

/** HTML 9.2.6 and DOM: the events, and the end of them. */
export const dispatchRules: Rules = (target, rule) => {
  rule('HL-ES-70', 'dispatches MessageEvents with everything in them', async (trial) => {
    const site = await trial.serve((_, response) =>
      stream(response, 'event: x\nid: 7\ndata: a\n\n'),
    )
    const event = await trial.run(async ({ EventSource }, address) => {
      const source = new EventSource(address)
      const seen = await new Promise<MessageEvent>((resolve) => {
        source.addEventListener('x', resolve)
      })
      // After its dispatch.
      await new Promise((resolve) => setTimeout(resolve))
      source.close()
      const { type, data, lastEventId, origin, source: from, ports } = seen
      const { bubbles, cancelable, composed, defaultPrevented, eventPhase } = seen
      return {
        isMessage: seen.constructor === MessageEvent,
        fields: [type, data, lastEventId, origin, from, [...ports]],
        flags: [bubbles, cancelable, composed, defaultPrevented, eventPhase],
        isOwn: [seen.target === source, seen.currentTarget === null],
      }
    }, site.url)
    expect(event).toEqual({
      isMessage: true,
      fields: ['x', 'a', '7', site.origin, null, []],
      flags: [false, false, false, false, 0],
      isOwn: [true, true],
    })
  })

  rule('HL-ES-71', 'calls onmessage for unnamed events only', async (trial) => {
    const { url } = await trial.serve((_, response) => {
      stream(response, 'event: a\ndata: 1\n\nevent: message\ndata: 2\n\ndata: 3\n\n')
    })
    const calls = await trial.run(async ({ EventSource }, address) => {
      const source = new EventSource(address)
      const log: string[] = []
      await new Promise<void>((resolve) => {
        source.onmessage = ({ data }) => {
          log.push(data)
          if (data === '3') resolve()
        }
      })
      source.close()
      return log
    }, url)
    expect(calls).toEqual(['2', '3'])
  })

  rule('HL-ES-72', 'dispatches messages named open and error', async (trial) => {
    const text = 'event: open\ndata: 1\n\nevent: error\ndata: 2\n\n'
    const seen = await trial.read(text)
    expect(seen.map(({ type, data, readyState }) => [type, data, readyState])).toEqual([
      ['open', '1', 1],
      ['error', '2', 1],
    ])
  })

  rule('HL-ES-73', 'takes listeners of every form, and lets go of them', async (trial) => {
    const { url } = await trial.serve((_, response) => {
      stream(response, 'event: x\ndata: 1\n\nevent: x\ndata: 2\n\nevent: x\ndata: 3\n\n')
    })
    const calls = await trial.run(async ({ EventSource }, address) => {
      const source = new EventSource(address)
      const log: string[] = []
      const note =
        (name: string) =>
        (event: Event): void => {
          log.push(name + (event as MessageEvent<string>).data)
        }
      const gone = note('gone')
      const twice = note('twice')
      source.addEventListener('x', gone)
      source.removeEventListener('x', gone)
      source.addEventListener('x', twice)
      source.addEventListener('x', twice)
      source.addEventListener('x', note('once'), { once: true })
      source.addEventListener('x', { handleEvent: note('object') })
      source.addEventListener('x', null as never)
      const stop = new AbortController()
      source.addEventListener('x', note('signal'), { signal: stop.signal })
      await new Promise<void>((resolve) => {
        source.addEventListener('x', ({ data }) => {
          stop.abort()
          if (data === '3') resolve()
        })
      })
      source.close()
      return log
    }, url)
    expect(calls).toEqual([
      'twice1',
      'once1',
      'object1',
      'signal1',
      'twice2',
      'object2',
      'twice3',
      'object3',
    ])
  })

  rule('HL-ES-74', 'goes on after a listener that throws', async (trial) => {
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', () => {})
    try {
      const { url } = await trial.serve((_, response) => stream(response, 'data: 1\n\ndata: 2\n\n'))
      const seen = await trial.run(async ({ EventSource }, address) => {
        const source = new EventSource(address)
        const log: string[] = []
        source.onopen = () => {
          throw new Error('open')
        }
        source.addEventListener('message', () => {
          throw new Error('message')
        })
        await new Promise<void>((resolve) => {
          source.addEventListener('message', ({ data }) => {
            log.push(data)
            if (data === '2') setTimeout(resolve, 20)
          })
        })
        const { readyState } = source
        source.close()
        return [...log, readyState]
      }, url)
      expect(seen).toEqual(['1', '2', 1])
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const other of others) process.on('uncaughtException', other)
    }
  })

  rule('HL-ES-73', 'adds no listener that was not given', async (trial) => {
    const { url } = await trial.serve((_, response) => stream(response))
    const shape = await trial.run(({ EventSource }, address) => {
      const source = new EventSource(address)
      source.close()
      try {
        ;(source.addEventListener as (type: string) => void)('x')
        return 'nothing was thrown'
      } catch (thrown) {
        return [(thrown as Error).constructor.name, source.addEventListener.length]
      }
    }, url)
    expect(shape).toEqual(['TypeError', 2])
  })

  rule('HL-ES-75', 'dispatches what a page dispatches itself', async (trial) => {
    const { url } = await trial.serve((_, response) => stream(response))
    const seen = await trial.run(({ EventSource }, address) => {
      const source = new EventSource(address)
      const log: unknown[] = []
      source.onmessage = (event) => log.push([event.data, event.isTrusted])
      source.dispatchEvent(new MessageEvent('message', { data: 'own' }))
      source.close()
      source.dispatchEvent(new MessageEvent('message', { data: 'later' }))
      return log
    }, url)
    expect(seen).toEqual([
      ['own', false],
      ['later', false],
    ])
  })

  rule('HL-ES-76', 'cannot make its events trusted: no program can', async (trial) => {
    const { url } = await trial.serve((_, response) => stream(response, 'data: 1\n\n'))
    const isTrusted = await trial.run(async ({ EventSource }, address) => {
      const source = new EventSource(address)
      const event = await new Promise<Event>((resolve) => (source.onmessage = resolve))
      source.close()
      return event.isTrusted
    }, url)
    expect(isTrusted).toBe(!target.isOurs)
  })

  rule(
    'HL-ES-80',
    'ends the connection with close, at once and without an event',
    async (trial) => {
      let isGone = false
      const { url } = await trial.serve((_, response) => {
        stream(response, 'data: 1\n\n')
        response.on('close', () => (isGone = true))
      })
      const log = await trial.run(async ({ EventSource }, address) => {
        const source = new EventSource(address)
        const seen: unknown[] = []
        source.onerror = () => seen.push('error')
        await new Promise((resolve) => (source.onmessage = resolve))
        const result = source.close() as unknown
        seen.push(source.readyState, result === undefined)
        source.close()
        await new Promise((resolve) => setTimeout(resolve, 100))
        return [...seen, source.readyState]
      }, url)
      expect(log).toEqual([2, true, 2])
      await expect.poll(() => isGone).toBe(true)
    },
  )

  rule('HL-ES-81', 'says nothing after close in an event', async (trial) => {
    const site = await trial.serve((_, response) => {
      stream(response, 'retry: 1\ndata: 1\n\ndata: 2\n\n').end()
    })
    const logs = await trial.run(async ({ EventSource }, address) => {
      const each = ['open', 'message', 'error'].map(async (at) => {
        const source = new EventSource(address)
        const seen: string[] = []
        for (const type of ['open', 'message', 'error']) {
          source.addEventListener(type, () => {
            seen.push(`${type} ${source.readyState}`)
            if (type === at) source.close()
          })
        }
        await new Promise((resolve) => setTimeout(resolve, 1000))
        return seen
      })
      return Promise.all(each)
    }, site.url)
    expect(logs).toEqual([
      ['open 1'],
      ['open 1', 'message 1'],
      ['open 1', 'message 1', 'message 1', 'error 0'],
    ])
    expect(site.asked.length).toBe(3)
  })

  rule('HL-ES-82', 'may be closed before there is an answer', async (trial) => {
    let gone = 0
    const site = await trial.serve((request, response) => {
      request.socket.on('close', () => gone++)
      // Never answered.
      return response
    })
    const log = await trial.run(async ({ EventSource }, address) => {
      const seen: string[] = []
      const atOnce = new EventSource(address)
      const later = new EventSource(`${address}?later`)
      for (const source of [atOnce, later]) {
        for (const type of ['open', 'error', 'message']) {
          source.addEventListener(type, () => seen.push(type))
        }
      }
      atOnce.close()
      await new Promise((resolve) => setTimeout(resolve, 200))
      later.close()
      await new Promise((resolve) => setTimeout(resolve, 200))
      return [...seen, atOnce.readyState, later.readyState]
    }, site.url)
    expect(log).toEqual([2, 2])
    expect(site.asked.some(({ url }) => url === '/stream?later')).toBe(true)
    await expect.poll(() => gone).toBe(site.asked.length)
  })

  rule('HL-ES-83', 'may be closed while it waits', async (trial) => {
    const site = await trial.serve((_, response) => {
      stream(response, 'retry: 100\n\n').end()
    })
    const entries = await trial.run(async ({ EventSource }, address) => {
      const source = new EventSource(address)
      await new Promise((resolve) => (source.onerror = resolve))
      await new Promise((resolve) => setTimeout(resolve, 5))
      source.close()
      await new Promise((resolve) => setTimeout(resolve, 400))
      return source.readyState
    }, site.url)
    expect([entries, site.asked.length]).toEqual([2, 1])
  })

  if (target.isBrowser && !target.isWorker) {
    rule(
      'HL-ES-85',
      'fails when the page stops loading, only where the browser says so',
      async (trial) => {
        const { url } = await trial.serve((_, response) =>
          stream(response, 'retry: 50\ndata: 1\n\n'),
        )
        const state = await trial.run(async ({ EventSource }, address) => {
          const source = new EventSource(address)
          await new Promise((resolve) => (source.onmessage = resolve))
          window.stop()
          await new Promise((resolve) => setTimeout(resolve, 600))
          const { readyState } = source
          source.close()
          return readyState
        }, url)
        expect(state).toBe(target.isOurs && !target.isFar ? 1 : 2)
      },
    )
  }

  rule('HL-ES-84', 'does not disturb other sources', async (trial) => {
    const site = await trial.serve(({ url }, response) => {
      stream(response, 'data: 1\n\n')
      if (url === '/stream?kept') setTimeout(() => response.write('event: end\ndata\n\n'), 200)
    })
    const kept = trial.watch(`${site.url}?kept`)
    expect(brief(await trial.watch(site.url, { count: 2 }))).toEqual(['open 1', 'message 1'])
    expect(brief(await kept)).toEqual(['open 1', 'message 1', 'end 1'])
  })
}
