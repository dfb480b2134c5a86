import { EventSource as Ours } from '@heartline/client'
import { expect } from 'vitest'
import type { Rules } from '../kit/rule.ts'
import { stream } from '../kit/site.ts'

/** HTML 9.2.2: the constructor, the attributes and what the interface looks like. */
export const interfaceRules: Rules = (target, rule) => {
  rule('HL-ES-1', 'is a class of EventTargets that needs new', async (trial) => {
    const shape = await trial.run(({ EventSource }) => {
      const call = EventSource as unknown as (url: string) => void
      let error = ''
      try {
        call('/stream')
      } catch (thrown) {
        error = (thrown as Error).constructor.name
      }
      const { prototype } = EventSource
      const tag = Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag)
      return {
        error,
        name: EventSource.name,
        length: EventSource.length,
        isTarget: prototype instanceof EventTarget,
        parent: Object.getPrototypeOf(EventSource) === EventTarget,
        prototype: Object.getOwnPropertyDescriptor(EventSource, 'prototype')?.writable,
        constructor: Object.getOwnPropertyDescriptor(prototype, 'constructor')?.enumerable,
        tag,
      }
    }, undefined)
    expect(shape).toEqual({
      error: 'TypeError',
      name: 'EventSource',
      length: 1,
      isTarget: true,
      parent: true,
      prototype: false,
      constructor: false,
      tag: { value: 'EventSource', writable: false, enumerable: false, configurable: true },
    })
  })

  rule('HL-ES-2', 'has its constants on the class and the prototype', async (trial) => {
    const constants = await trial.run(({ EventSource }) => {
      const names = ['CONNECTING', 'OPEN', 'CLOSED']
      return [EventSource, EventSource.prototype].map((holder) =>
        names.map((name) => Object.getOwnPropertyDescriptor(holder, name)),
      )
    }, undefined)
    const fixed = { writable: false, enumerable: true, configurable: false }
    const all = [0, 1, 2].map((value) => ({ value, ...fixed }))
    expect(constants).toEqual([all, all])
  })

  rule('HL-ES-3', 'has its attributes and close on the prototype, enumerable', async (trial) => {
    const shape = await trial.run(({ EventSource }) => {
      const { prototype } = EventSource
      const names = ['url', 'withCredentials', 'readyState', 'onopen', 'onmessage', 'onerror']
      const attributes = names.map((name) => {
        const found = Object.getOwnPropertyDescriptor(prototype, name)
        let error = ''
        try {
          void (prototype as unknown as Record<string, unknown>)[name]
        } catch (thrown) {
          error = (thrown as Error).constructor.name
        }
        const { enumerable, configurable } = found ?? {}
        return [found?.get?.name, found?.set?.name, enumerable, configurable, error]
      })
      const close = Object.getOwnPropertyDescriptor(prototype, 'close')
      const { enumerable, configurable, writable, value } = close ?? {}
      return { attributes, close: [value?.length, value?.name, enumerable, configurable, writable] }
    }, undefined)
    const readable = (name: string): unknown[] => [
      `get ${name}`,
      undefined,
      true,
      true,
      'TypeError',
    ]
    const handler = (name: string): unknown[] => [
      `get ${name}`,
      `set ${name}`,
      true,
      true,
      'TypeError',
    ]
    expect(normal(shape.attributes)).toEqual(
      normal([
        ...['url', 'withCredentials', 'readyState'].map(readable),
        ...['onopen', 'onmessage', 'onerror'].map(handler),
      ]),
    )
    expect(shape.close).toEqual([0, 'close', true, true, true])
  })

  rule('HL-ES-4', 'converts its arguments as every interface does', async (trial) => {
    const { url } = await trial.serve((_, response) => stream(response))
    const made = await trial.run(({ EventSource }, address) => {
      const Any = EventSource as unknown as new (...args: unknown[]) => EventSource
      const lists: unknown[][] = [
        [],
        [Symbol('x')],
        [address, 5],
        [address, 'x'],
        [{ toString: () => address }],
        [new URL(address)],
        [address, undefined],
        [address, null],
        [address, {}],
        [address, { withCredentials: 1 }],
        [address, { withCredentials: undefined }],
        [address, Object.create({ withCredentials: true })],
      ]
      return lists.map((list) => {
        try {
          const source = new Any(...list)
          source.close()
          return source.url === address ? source.withCredentials : source.url
        } catch (thrown) {
          return (thrown as Error).constructor.name
        }
      })
    }, url)
    const errors = Array.from({ length: 4 }, () => 'TypeError')
    expect(made).toEqual([...errors, false, false, false, false, false, true, false, true])
  })

  rule('HL-ES-4', 'reads its arguments in their order', async (trial) => {
    const { url } = await trial.serve((_, response) => stream(response))
    const read = await trial.run(({ EventSource }, address) => {
      const Any = EventSource as unknown as new (...args: unknown[]) => EventSource
      return [address, 'http://['].map((text) => {
        const order: string[] = []
        const options = {
          get withCredentials() {
            return order.push('options') > 9
          },
        }
        try {
          new Any({ toString: () => (order.push('url'), text) }, options).close()
          new Any({ toString: () => (order.push('url'), text) }, 5)
        } catch (thrown) {
          order.push((thrown as Error).name)
        }
        return order
      })
    }, url)
    expect(read).toEqual([
      ['url', 'options', 'url', 'TypeError'],
      ['url', 'options', 'SyntaxError'],
    ])
  })

  rule('HL-ES-5', 'throws a SyntaxError for what is no URL', async (trial) => {
    const errors = await trial.run(({ EventSource }) => {
      return ['http://[', 'http://a:b/', 'http://a:99999/'].map((address) => {
        try {
          new EventSource(address).close()
          return 'none'
        } catch (thrown) {
          return [
            thrown instanceof DOMException,
            (thrown as Error).name,
            (thrown as DOMException).code,
          ]
        }
      })
    }, undefined)
    expect(errors).toEqual(Array.from({ length: 3 }, () => [true, 'SyntaxError', 12]))
  })

  rule(
    'HL-ES-5',
    'reads a URL against that of its surroundings, and serializes it',
    async (trial) => {
      const { origin } = await trial.serve((_, response) => stream(response))
      const urls = await trial.run(
        ({ EventSource }, [base, isNode]) => {
          const addresses = [
            `${base.toUpperCase()}/../a b?ü#f`,
            ...(isNode ? [] : ['', '?x', '../y']),
          ]
          return addresses.map((address) => {
            const source = new EventSource(address)
            source.close()
            return source.url
          })
        },
        [origin, !target.isBrowser] as const,
      )
      expect(urls[0]).toBe(`${origin}/a%20b?%C3%BC#f`)
      if (!target.isBrowser) return
      const here = await trial.run(() => location.href, undefined)
      expect(urls.slice(1)).toEqual(
        ['', '?x', '../y'].map((address) => new URL(address, here).href),
      )
    },
  )

  rule(
    'HL-ES-6',
    'begins connecting, and says nothing before the constructor returned',
    async (trial) => {
      const { url } = await trial.serve((_, response) => stream(response, 'data: 1\n\n'))
      const state = await trial.run(async ({ EventSource }, address) => {
        const source = new EventSource(`${address}?a#b`)
        const first = [source.readyState, source.url, source.withCredentials]
        await new Promise((resolve) => source.addEventListener('open', resolve))
        const second = source.readyState
        source.close()
        return [...first, second, source.readyState, source.url]
      }, url)
      expect(state).toEqual([0, `${url}?a#b`, false, 1, 2, `${url}?a#b`])
    },
  )

  rule(
    'HL-ES-7',
    'keeps functions and objects in its attributes, and null for others',
    async (trial) => {
      const { url } = await trial.serve((_, response) => stream(response))
      const kept = await trial.run(({ EventSource }, address) => {
        const source = new EventSource(address)
        source.close()
        const values: unknown[] = [5, 'x', true, undefined, null, Symbol('x'), {}, [], () => {}]
        return (['onopen', 'onmessage', 'onerror'] as const).map((name) => {
          const first = source[name]
          return [
            first,
            ...values.map((value) => {
              source[name] = value as never
              return source[name] === value ? 'kept' : source[name]
            }),
          ]
        })
      }, url)
      const nulls = Array.from({ length: 5 }, () => null)
      const all = [...nulls, 'kept', null, 'kept', 'kept', 'kept']
      expect(kept).toEqual([all, all, all])
    },
  )

  rule('HL-ES-7', 'takes false from an attribute for a refusal', async (trial) => {
    const { url } = await trial.serve((_, response) => stream(response))
    const dispatched = await trial.run(({ EventSource }, address) => {
      const source = new EventSource(address)
      source.close()
      return [false, undefined, true, 0].map((result) => {
        const cancelled = (['open', 'message', 'error'] as const).map((type) => {
          source[`on${type}`] = () => result
          return !source.dispatchEvent(new Event(type, { cancelable: true }))
        })
        source.onopen = source.onmessage = source.onerror = null
        return cancelled
      })
    }, url)
    const none = [false, false, false]
    expect(dispatched).toEqual([[true, true, true], none, none, none])
  })

  rule('HL-ES-7', 'calls an attribute in its place among the listeners', async (trial) => {
    const { url } = await trial.serve((_, response) => stream(response, 'data: 1\n\ndata: 2\n\n'))
    const calls = await trial.run(async ({ EventSource }, address) => {
      const source = new EventSource(address)
      const log: unknown[] = []
      source.onmessage = () => log.push('replaced')
      source.addEventListener('message', () => log.push('listener'))
      source.onmessage = function (event) {
        log.push(['attribute', this === source, event.target === source, event.data])
      }
      source.onopen = { handleEvent: () => log.push('never') } as never
      source.onerror = () => log.push('never')
      await new Promise<void>((resolve) => {
        source.addEventListener('message', ({ data }) => {
          if (data === '1') {
            // Taken away and set again, it comes last.
            source.onmessage = null
            source.onmessage = () => log.push('last')
          } else setTimeout(resolve)
        })
      })
      source.close()
      return log
    }, url)
    expect(calls).toEqual([['attribute', true, true, '1'], 'listener', 'listener', 'last'])
  })

  rule('HL-ES-8', 'is to TypeScript what the browser has, also as a base class', async (trial) => {
    // The declarations are the same everywhere; the compiler is half of this test.
    if (target.isBrowser) return
    const { url } = await trial.serve((_, response) => stream(response, 'event: x\ndata: 1\n\n'))
    const Standard: typeof globalThis.EventSource = Ours
    class Counting extends Ours {
      closed = 0
      override close(): void {
        this.closed++
        super.close()
      }
    }
    const source = new Counting(new URL(url), { withCredentials: true })
    const standard: globalThis.EventSource = source
    const seen = await new Promise<[unknown, boolean]>((resolve) => {
      source.onerror = function (this: globalThis.EventSource, { type }) {
        resolve([type, this === source])
      }
      source.addEventListener('x', function ({ data }) {
        resolve([data, this === source])
      })
    })
    standard.close()
    expect(seen).toEqual(['1', true])
    expect([source.closed, source instanceof Standard, source.readyState]).toEqual([1, true, 2])
  })
}

/** `undefined` does not come through as such. */
function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
