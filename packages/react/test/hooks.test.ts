import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { browserMissing, launchBrowser } from './kit/browser.ts'
import { bundlePage, loadServer, REACT_MAJORS, type ServerKit } from './kit/bundle.ts'
import { Site } from './kit/site.ts'

const missing = browserMissing()
if (missing !== undefined && process.env['CI'] !== undefined) throw new Error(missing)

/** What the pages of these tests keep. */
interface Kept {
  kit: any
  root: any
  log: unknown[]
  set: any
}
declare const window: Window & Kept
declare const document: Document

const OPTIONS = { url: '/v1/events' }

describe.skipIf(missing !== undefined).each(REACT_MAJORS)('hooks on React %s', (major) => {
  let browser: Browser
  let script = ''
  let server: ServerKit

  beforeAll(async () => {
    browser = await launchBrowser()
    script = await bundlePage(major)
    server = await loadServer(major)
  })

  afterAll(() => browser.close())

  interface Visit {
    readonly site: Site
    readonly page: Page
    /** What the browser's console said in red or yellow. */
    readonly complaints: string[]
  }

  async function visit(prepare: (site: Site) => void = () => {}): Promise<Visit> {
    const site = await new Site(script).listen()
    prepare(site)
    const context = await browser.newContext()
    const page = await context.newPage()
    onTestFinished(async () => {
      await context.close()
      site.close()
    })
    const complaints: string[] = []
    page.on('console', (message) => {
      const text = message.text()
      const isLoud = message.type() === 'error' || message.type() === 'warning'
      if (isLoud && !text.startsWith('Failed to load resource')) complaints.push(text)
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(site.url)
    await page.waitForFunction(() => window.kit !== undefined)
    await page.evaluate(() => {
      window.log = []
    })
    return { site, page, complaints }
  }

  const textOf = (page: Page): Promise<string> =>
    page.evaluate(() => document.getElementById('root')?.textContent ?? '')

  const logOf = (page: Page): Promise<unknown[]> => page.evaluate(() => window.log)

  async function untilText(page: Page, text: string | RegExp): Promise<void> {
    await expect.poll(() => textOf(page), { timeout: 15_000 }).toMatch(text)
  }

  async function untilOpen(site: Site, count: number): Promise<void> {
    await expect.poll(() => site.open.length, { timeout: 15_000 }).toBe(count)
  }

  const untilQuiet = (ms = 300): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

  test('run on the version that is said', async () => {
    const { page } = await visit()
    expect(await page.evaluate(() => window.kit.React.version)).toMatch(new RegExp(`^${major}\\.`))
    expect(server.React.version).toMatch(new RegExp(`^${major}\\.`))
  })

  test('share one connection, in StrictMode, over remounts and changes of the page', async () => {
    const { site, page, complaints } = await visit()
    await page.evaluate((options) => {
      const { React, createRoot, HeartlineProvider, useStream, useLatest, useConnectionState } =
        window.kit
      const h = React.createElement
      // Inline options and handlers: new ones with each rendering.
      const Reader = ({ name }: { name: string }): unknown => {
        const { events, state } = useStream({ limit: 3, onEvent: () => {}, types: ['message'] })
        useConnectionState()
        const latest = useLatest('message')
        const list = events.map(({ data }: { data: unknown }) => data).join()
        return h('p', null, `${name} ${state.name} ${list} ${latest};`)
      }
      const App = (): unknown => {
        const [route, setRoute] = React.useState('a')
        window.set = setRoute
        const readers =
          route === 'none'
            ? null
            : [1, 2].map((n) => h(Reader, { key: `${route}${n}`, name: `${route}${n}` }))
        return h(HeartlineProvider, { options: { ...options }, closeDelayMs: 400 }, readers)
      }
      window.root = createRoot(document.getElementById('root'))
      window.root.render(h(React.StrictMode, null, h(App)))
    }, OPTIONS)
    await untilText(page, /a1 open/)
    for (let n = 1; n <= 5; n++) site.send(`id: ${n}\ndata: ${n}\n\n`)
    await untilText(page, 'a1 open 3,4,5 5;a2 open 3,4,5 5;')
    // Another route, and nobody for a moment: the connection and what it read stay.
    await page.evaluate(() => window.set('b'))
    await untilText(page, 'b1 open 3,4,5 5;b2 open 3,4,5 5;')
    await page.evaluate(() => window.set('none'))
    await untilQuiet(100)
    await page.evaluate(() => window.set('c'))
    await untilText(page, 'c1 open 3,4,5 5;c2 open')
    await untilQuiet()
    expect(site.asked).toHaveLength(1)
    await page.evaluate(() => window.set('none'))
    await untilOpen(site, 0)
    await page.evaluate(() => window.set('d'))
    await untilText(page, 'd1 open')
    expect(site.asked).toHaveLength(2)
    expect(complaints).toEqual([])
  })

  test('close their connection after the last of them, and update nothing any more', async () => {
    const { site, page, complaints } = await visit()
    await page.evaluate((options) => {
      const { React, createRoot, useStream } = window.kit
      const App = (): unknown => {
        const { events } = useStream({ options: { ...options } })
        window.log.push(events.length)
        return React.createElement('p', null, `${events.length} events`)
      }
      window.root = createRoot(document.getElementById('root'))
      window.root.render(React.createElement(React.StrictMode, null, React.createElement(App)))
    }, OPTIONS)
    await untilOpen(site, 1)
    site.send('data: 1\n\n')
    await untilText(page, '1 events')
    const renders = await page.evaluate(() => {
      window.root.unmount()
      return window.log.length
    })
    site.send('data: 2\n\n')
    await untilOpen(site, 0)
    expect(await logOf(page)).toHaveLength(renders)
    expect(site.asked).toHaveLength(1)
    expect(complaints).toEqual([])
  })

  test('call the handler of the last rendering, once for each event', async () => {
    const { site, page } = await visit()
    await page.evaluate((options) => {
      const { React, createRoot, useStream } = window.kit
      const App = (): unknown => {
        const [count, setCount] = React.useState(0)
        useStream({
          options: { ...options, token: () => `token-${count}` },
          limit: 0,
          onEvent: ({ data }: { data: unknown }) => {
            window.log.push([count, data])
            setCount(count + 1)
          },
        })
        return React.createElement('p', null, `count ${count}`)
      }
      window.root = createRoot(document.getElementById('root'))
      window.root.render(React.createElement(React.StrictMode, null, React.createElement(App)))
    }, OPTIONS)
    await untilOpen(site, 1)
    for (let n = 1; n <= 3; n++) {
      site.send(`retry: 10\ndata: ${n}\n\n`)
      await untilText(page, `count ${n}`)
    }
    expect(await logOf(page)).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ])
    // The token, too, is that of the last rendering.
    site.cut()
    await expect.poll(() => site.asked.length, { timeout: 15_000 }).toBe(2)
    expect(site.asked.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-0',
      'Bearer token-3',
    ])
  })

  test('keep no more than the limit, and render once for what comes together', async () => {
    const { site, page } = await visit()
    await page.evaluate((options) => {
      const { React, createRoot, useStream } = window.kit
      const App = (): unknown => {
        const { events, last } = useStream({ options, limit: 50 })
        window.log.push(events.length)
        return React.createElement('p', null, `${events.length} ${last?.data}`)
      }
      window.root = createRoot(document.getElementById('root'))
      window.root.render(React.createElement(App))
    }, OPTIONS)
    await untilOpen(site, 1)
    site.send(Array.from({ length: 10_000 }, (_, n) => `data: ${n}\n\n`).join(''))
    await untilText(page, '50 9999')
    const lengths = (await logOf(page)) as number[]
    expect(Math.max(...lengths)).toBe(50)
    expect(lengths.length).toBeLessThan(500)
  })

  test('show the same to all components that read the same, also in a transition', async () => {
    const { site, page, complaints } = await visit()
    await page.evaluate((options) => {
      const { React, createRoot, HeartlineProvider, useLatest } = window.kit
      const h = React.createElement
      const Slow = ({ on }: { on: boolean }): unknown => {
        const value = useLatest('message')
        const end = performance.now() + (on ? 5 : 0)
        while (performance.now() < end);
        return h('i', null, `${value} `)
      }
      const App = (): unknown => {
        const [isOn, setOn] = React.useState(false)
        window.set = (value: boolean) => React.startTransition(() => setOn(value))
        React.useLayoutEffect(() => {
          const seen = new Set(
            (document.getElementById('root')?.textContent ?? '').trim().split(' '),
          )
          window.log.push(seen.size)
        })
        const slow = Array.from({ length: 40 }, (_, n) => h(Slow, { key: n, on: isOn }))
        return h('p', null, slow)
      }
      window.root = createRoot(document.getElementById('root'))
      window.root.render(h(HeartlineProvider, { options }, h(App)))
    }, OPTIONS)
    await untilOpen(site, 1)
    for (let n = 0; n < 30; n++) {
      site.send(`data: ${n}\n\n`)
      if (n % 10 === 5) await page.evaluate((on) => window.set(on), n === 15)
      await untilQuiet(15)
    }
    await untilText(page, /^(29 ){40}$/)
    expect(new Set(await logOf(page))).toEqual(new Set([1]))
    expect(complaints).toEqual([])
  })

  test('are rendered on a server and taken over without a complaint', async () => {
    const asked: string[] = []
    const { React, hooks, renderToString } = server
    const h = React.createElement
    const ServerApp = (): ReturnType<typeof h> => {
      const { state, events } = hooks.useStream()
      const bid = hooks.useLatest<number>('price', { initial: 7 })
      const topic = hooks.useTopic('a')
      const sum = hooks.useTopicReducer('a', (value: number) => value + 1, 0)
      return h('p', null, `${state.name} ${events.length} ${bid} ${topic.events.length} ${sum}`)
    }
    const fetch = ((input: string) => {
      asked.push(input)
      return Promise.reject(new TypeError('no network'))
    }) as unknown as typeof globalThis.fetch
    const html = renderToString(
      h(
        React.StrictMode,
        null,
        h(hooks.HeartlineProvider, { options: { url: 'http://x/v1/events', fetch } }, h(ServerApp)),
      ),
    )
    expect(html).toBe('<p>idle 0 7 0 0</p>')
    await untilQuiet(50)
    expect(asked).toEqual([])
    const { site, page, complaints } = await visit((made) => {
      made.html = html
      made.greeting = 'event: price\ndata: 9\n\n'
    })
    await page.evaluate((options) => {
      const kit = window.kit
      const create = kit.React.createElement
      const App = (): unknown => {
        const { state, events } = kit.useStream()
        const bid = kit.useLatest('price', { initial: 7 })
        const topic = kit.useTopic('a')
        const sum = kit.useTopicReducer('a', (value: number) => value + 1, 0)
        return create(
          'p',
          null,
          `${state.name} ${events.length} ${bid} ${topic.events.length} ${sum}`,
        )
      }
      const provider = create(kit.HeartlineProvider, { options: { ...options } }, create(App))
      window.root = kit.hydrateRoot(
        document.getElementById('root'),
        create(kit.React.StrictMode, null, provider),
        { onRecoverableError: (error: Error) => window.log.push(error.message) },
      )
    }, OPTIONS)
    await untilText(page, 'open 1 9 1 1')
    const urls = new Set(site.asked.map(({ url }) => url))
    expect(urls).toEqual(new Set(['/v1/events', '/v1/events?topic=a']))
    expect(site.asked).toHaveLength(2)
    expect(await logOf(page)).toEqual([])
    expect(complaints).toEqual([])
  })

  test('share one connection among a thousand components, each rendered once for an event', async () => {
    const { site, page, complaints } = await visit()
    await page.evaluate(() => {
      const { React, createRoot, HeartlineProvider, useTopic, useTopicReducer } = window.kit
      const h = React.createElement
      const add = (sum: number, { data }: { data: number }): number => sum + data
      const Cell = (): unknown => {
        const { last } = useTopic('a', { limit: 3 })
        const sum = useTopicReducer('a', add, 0)
        window.log.push(last?.data)
        return h('i', null, `${last?.data ?? '-'}:${sum} `)
      }
      const cells = Array.from({ length: 1000 }, (_, key) => h(Cell, { key }))
      window.set = (isShown: boolean) =>
        window.root.render(
          h(
            HeartlineProvider,
            { options: { url: '/v1/events' }, closeDelayMs: 50 },
            isShown && cells,
          ),
        )
      window.root = createRoot(document.getElementById('root'))
      window.set(true)
    })
    await untilOpen(site, 1)
    site.send('data: 1\n\ndata: 2\n\n')
    await untilText(page, /^(2:3 ){1000}$/)
    const renders = await logOf(page)
    expect(renders.filter((data) => data === 2)).toHaveLength(1000)
    expect(site.asked).toHaveLength(1)
    await page.evaluate(() => window.set(false))
    await untilOpen(site, 0)
    expect(complaints).toEqual([])
  })

  test('end with one connection after quick changes of the topic, and with none in the middle of one', async () => {
    const { site, page, complaints } = await visit()
    await page.evaluate(() => {
      const { React, createRoot, flushSync, HeartlineProvider, useTopic } = window.kit
      const h = React.createElement
      const Topic = ({ topic }: { topic: string }): unknown => {
        const { last, state } = useTopic(topic)
        return h('p', null, `${topic} ${last?.data ?? '-'} ${state.name}`)
      }
      window.set = (topic?: string) =>
        flushSync(() =>
          window.root.render(
            h(
              React.StrictMode,
              null,
              h(
                HeartlineProvider,
                { options: { url: '/v1/events' }, closeDelayMs: 20 },
                topic === undefined ? undefined : h(Topic, { topic }),
              ),
            ),
          ),
        )
      window.root = createRoot(document.getElementById('root'))
      for (let n = 1; n <= 60; n++) window.set(`t${n}`)
    })
    await expect.poll(() => site.open, { timeout: 15_000 }).toEqual(['/v1/events?topic=t60'])
    site.send('data: 5\n\n')
    await untilText(page, 't60 5 open')
    await page.evaluate(() => {
      window.set('t61')
      window.set()
    })
    await untilOpen(site, 0)
    await untilQuiet()
    expect([site.open, complaints]).toEqual([[], []])
  })

  test('read topics with one connection for each set of them', async () => {
    const { site, page } = await visit()
    await page.evaluate(() => {
      const { React, createRoot, HeartlineProvider, useTopic, useLatest, useConnectionState } =
        window.kit
      const h = React.createElement
      const Topic = ({ topic }: { topic: string | string[] }): unknown => {
        const { events } = useTopic(topic)
        const state = useConnectionState({ topic })
        const latest = useLatest('message', { topic })
        const list = events.map(({ data }: { data: unknown }) => data).join()
        return h('p', null, `${String(topic)}: ${list} ${latest} ${state.name};`)
      }
      const topics = ['a/1', 'a/1', ['b', 'c'], ['c', 'b']]
      const App = (): unknown =>
        h(
          HeartlineProvider,
          { options: { url: '/v1/events?since=latest' } },
          topics.map((topic, n) => h(Topic, { key: n, topic: topic.slice() })),
        )
      window.root = createRoot(document.getElementById('root'))
      window.root.render(h(React.StrictMode, null, h(App)))
    })
    await untilOpen(site, 2)
    expect([...site.open].sort()).toEqual([
      '/v1/events?since=latest&topic=a%2F1',
      '/v1/events?since=latest&topic=b&topic=c',
    ])
    site.send('data: 1\n\n', 'a%2F1')
    site.send('data: 2\n\n', 'topic=b')
    await untilText(page, 'a/1: 1 1 open;a/1: 1 1 open;b,c: 2 2 open;c,b: 2 2 open;')
    expect(site.asked).toHaveLength(2)
  })

  test('read all topics from one stream whose events tell them', async () => {
    const { site, page } = await visit()
    await page.evaluate((options) => {
      const { React, createRoot, HeartlineProvider, useTopic, useTopicReducer } = window.kit
      const h = React.createElement
      const Topic = ({ topic }: { topic: string }): unknown => {
        const { events } = useTopic(topic, {
          onEvent: (event: { data: { n: number } }) => window.log.push([topic, event.data.n]),
        })
        const sum = useTopicReducer(
          topic,
          (value: number, event: { data: { n: number } }) => value + event.data.n,
          0,
        )
        return h('p', null, `${topic} ${events.length} ${sum};`)
      }
      const topicOf = (event: { data: { topic: string } }): string => event.data.topic
      const App = (): unknown =>
        h(
          HeartlineProvider,
          { options, topicOf },
          ['a', 'b'].map((topic) => h(Topic, { key: topic, topic })),
        )
      window.root = createRoot(document.getElementById('root'))
      window.root.render(h(React.StrictMode, null, h(App)))
    }, OPTIONS)
    await untilOpen(site, 1)
    for (const [topic, n] of [
      ['a', 1],
      ['b', 2],
      ['a', 3],
      ['c', 4],
    ]) {
      site.send(`data: ${JSON.stringify({ topic, n })}\n\n`)
    }
    await untilText(page, 'a 2 4;b 1 2;')
    expect(await logOf(page)).toEqual([
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ])
    expect(site.asked).toHaveLength(1)
  })

  test('share one connection with the components of other tabs', async () => {
    const { site, page, complaints } = await visit((made) => {
      made.greeting = 'id: 1\ndata: 1\n\n'
    })
    const second = await page.context().newPage()
    await second.goto(site.url)
    await second.waitForFunction(() => window.kit !== undefined)
    const show = (tab: Page): Promise<void> =>
      tab.evaluate(() => {
        const { React, createRoot, createSharedClient, HeartlineProvider, useTopic } = window.kit
        const h = React.createElement
        const url = '/v1/events'
        const Reader = (): unknown => {
          const { events, state } = useTopic('a')
          return h('p', null, `${state.name} ${events.length}`)
        }
        const create = (options: object, topics: string[]): unknown =>
          createSharedClient({ ...options, url, topics })
        window.root = createRoot(document.getElementById('root'))
        const provider = h(HeartlineProvider, { options: { url }, create }, h(Reader))
        window.root.render(h(React.StrictMode, null, provider))
      })
    await show(page)
    await untilText(page, 'open 1')
    await show(second)
    await untilText(second, /^open/)
    await untilOpen(site, 1)
    site.send('id: 2\ndata: 2\n\n')
    await untilText(page, 'open 2')
    await untilText(second, /open [12]/)
    expect(site.open[0]).toContain('topic=a')
    expect(complaints).toEqual([])
  })

  test('use a client that was given, and leave it open', async () => {
    const { site, page } = await visit()
    await page.evaluate((options) => {
      const { React, createRoot, createClient, HeartlineProvider, useStream } = window.kit
      const h = React.createElement
      const client = createClient(options)
      const App = (): unknown => {
        const mine = useStream({ client })
        const theirs = useStream()
        return h('p', null, `${mine.events.length} ${theirs.events.length} ${theirs.state.name}`)
      }
      window.root = createRoot(document.getElementById('root'))
      window.root.render(
        h(React.StrictMode, null, h(HeartlineProvider, { client, closeDelayMs: 1 }, h(App))),
      )
    }, OPTIONS)
    await untilOpen(site, 1)
    site.send('data: 1\n\n')
    await untilText(page, '1 1 open')
    await page.evaluate(() => window.root.unmount())
    await untilQuiet(1300)
    expect(site.open).toHaveLength(1)
    expect(site.asked).toHaveLength(1)
  })

  test('tell what a handler throws to onError, and go on', async () => {
    const { site, page, complaints } = await visit()
    await page.evaluate((options) => {
      const { React, createRoot, HeartlineProvider, useStream } = window.kit
      const h = React.createElement
      const Bad = (): unknown => {
        useStream({
          onEvent: () => {
            throw new TypeError('bad')
          },
          onError: ({ code }: { code: string }) => window.log.push(`hook ${code}`),
        })
        return null
      }
      const Good = (): unknown => {
        const { events } = useStream({ onEvent: async () => Promise.reject(new Error('late')) })
        return h('p', null, `${events.length} events`)
      }
      const onError = ({ code }: { code: string }): unknown => window.log.push(`provider ${code}`)
      window.root = createRoot(document.getElementById('root'))
      window.root.render(h(HeartlineProvider, { options, onError }, h(Bad), h(Good)))
    }, OPTIONS)
    await untilOpen(site, 1)
    site.send('data: 1\n\n')
    await untilText(page, '1 events')
    await expect.poll(() => logOf(page)).toHaveLength(4)
    const code = 'HL_CLIENT_HANDLER_FAILED'
    expect((await logOf(page)).map(String).sort()).toEqual([
      `hook ${code}`,
      `hook ${code}`,
      `provider ${code}`,
      `provider ${code}`,
    ])
    expect(complaints).toEqual([])
  })

  test('tell the error and the state of a stream that is refused, and begin anew when told', async () => {
    const { site, page } = await visit((made) => {
      made.status = 403
    })
    await page.evaluate((options) => {
      const { React, createRoot, useStream } = window.kit
      const App = (): unknown => {
        const { state, lastError, reconnect, events } = useStream({ options })
        window.set = reconnect
        const { status } = lastError?.details ?? {}
        return React.createElement('p', null, `${state.name} ${status} ${events.length}`)
      }
      window.root = createRoot(document.getElementById('root'))
      window.root.render(React.createElement(React.StrictMode, null, React.createElement(App)))
    }, OPTIONS)
    await untilText(page, 'closed 403 0')
    site.status = 200
    site.greeting = 'data: 1\n\n'
    await page.evaluate(() => window.set())
    await untilText(page, 'open undefined 1')
  })

  test('begin anew at their place when they are told after the end', async () => {
    const { site, page } = await visit()
    await page.evaluate((options) => {
      const { React, createRoot, useStream } = window.kit
      const App = (): unknown => {
        const { state, reconnect, events } = useStream({ options })
        window.set = reconnect
        return React.createElement('p', null, `${state.name} ${events.length}`)
      }
      window.root = createRoot(document.getElementById('root'))
      window.root.render(React.createElement(App))
    }, OPTIONS)
    await untilOpen(site, 1)
    site.send('id: seven\ndata: 1\n\n')
    await untilText(page, 'open 1')
    site.status = 403
    site.cut()
    await untilText(page, /^closed/)
    site.status = 200
    await page.evaluate(() => window.set())
    await untilText(page, /^open/)
    // Somebody reads it, as before.
    site.send('data: 2\n\n')
    await untilText(page, 'open 2')
    expect(site.asked.at(-1)?.headers['last-event-id']).toBe('seven')
  })

  test('hydrate what a server rendered without the values of the cache', async () => {
    const { page, complaints } = await visit((made) => {
      made.html = '<p>?</p>'
    })
    await page.evaluate((options) => {
      const { React, hydrateRoot, HeartlineProvider, useLatest, memoryCache, createClient } =
        window.kit
      const cache = memoryCache()
      cache.keep({ type: 'price', data: 9, id: '' })
      const client = createClient({ ...options, cache })
      const App = (): unknown =>
        React.createElement('p', null, String(useLatest('price', { initial: '?' })))
      window.root = hydrateRoot(
        document.getElementById('root'),
        React.createElement(HeartlineProvider, { client, cache }, React.createElement(App)),
        { onRecoverableError: (error: Error) => window.log.push(error.message) },
      )
    }, OPTIONS)
    await untilText(page, '9')
    expect(await logOf(page)).toEqual([])
    expect(complaints).toEqual([])
  })

  test('let go of the stream that they published through', async () => {
    const { site, page } = await visit()
    await page.evaluate((options) => {
      const { React, createRoot, HeartlineProvider, usePublish, useStream } = window.kit
      const h = React.createElement
      const Reader = (): unknown => h('p', null, useStream().state.name)
      const App = (): unknown => {
        const [isReading, setReading] = React.useState(true)
        const publish = usePublish()
        window.set = setReading
        React.useEffect(() => {
          publish({ topic: 'a', data: 1 }).then((results: unknown) => window.log.push(results))
        }, [publish])
        return isReading ? h(Reader) : null
      }
      window.root = createRoot(document.getElementById('root'))
      const publishing = { ...options, outbox: window.kit.memoryOutbox() }
      window.root.render(h(HeartlineProvider, { options: publishing, closeDelayMs: 1 }, h(App)))
    }, OPTIONS)
    await untilOpen(site, 1)
    await expect.poll(() => logOf(page)).toHaveLength(1)
    await page.evaluate(() => window.set(false))
    await untilOpen(site, 0)
  })

  test('publish without a connection to read', async () => {
    const { site, page } = await visit()
    await page.evaluate((options) => {
      const { React, createRoot, HeartlineProvider, usePublish } = window.kit
      const h = React.createElement
      const App = (): unknown => {
        const publish = usePublish()
        React.useEffect(() => {
          publish({ topic: 'a', data: 1 }).then((results: unknown) => window.log.push(results))
        }, [publish])
        return null
      }
      window.root = createRoot(document.getElementById('root'))
      const publishing = { ...options, outbox: window.kit.memoryOutbox() }
      window.root.render(h(HeartlineProvider, { options: publishing, closeDelayMs: 1 }, h(App)))
    }, OPTIONS)
    await expect.poll(() => logOf(page)).toEqual([[{ id: '1', duplicate: false }]])
    expect(site.asked).toHaveLength(0)
    expect(site.published).toHaveLength(1)
  })

  test('do not read while they are not enabled', async () => {
    const { site, page } = await visit((made) => {
      made.greeting = 'data: 1\n\n'
    })
    await page.evaluate((options) => {
      const { React, createRoot, HeartlineProvider, useStream } = window.kit
      const h = React.createElement
      const App = (): unknown => {
        const [enabled, setEnabled] = React.useState(false)
        window.set = setEnabled
        const { state, events } = useStream({ enabled, onEvent: () => {} })
        return h('p', null, `${state.name} ${events.length}`)
      }
      window.root = createRoot(document.getElementById('root'))
      window.root.render(h(HeartlineProvider, { options, closeDelayMs: 50 }, h(App)))
    }, OPTIONS)
    await untilText(page, 'idle 0')
    await untilQuiet(100)
    expect(site.asked).toHaveLength(0)
    await page.evaluate(() => window.set(true))
    await untilText(page, 'open 1')
    await page.evaluate(() => window.set(false))
    await untilText(page, 'idle 0')
    await untilOpen(site, 0)
  })

  test('show the last values after a reload without a network', async () => {
    const { site, page } = await visit()
    const show = (): Promise<void> =>
      page.evaluate((options) => {
        const { React, createRoot, HeartlineProvider, useLatest, indexedDbCache, indexedDbStore } =
          window.kit
        const h = React.createElement
        const keyOf = (event: { data: { symbol: string } }): string => event.data.symbol
        const cache = indexedDbCache('react', { keyOf })
        const store = indexedDbStore('react')
        const Price = ({ symbol }: { symbol: string }): unknown => {
          const price = useLatest('price', { key: symbol, initial: { bid: '?' } })
          return h('p', null, `${symbol} ${price.bid};`)
        }
        const prices = ['A', 'B', 'C'].map((symbol) => h(Price, { key: symbol, symbol }))
        window.root = createRoot(document.getElementById('root'))
        const provider = h(HeartlineProvider, { options: { ...options, cache, store } }, prices)
        window.root.render(h(React.StrictMode, null, provider))
      }, OPTIONS)
    await show()
    await untilOpen(site, 1)
    site.send('id: 1\nevent: price\ndata: {"symbol":"A","bid":1}\n\n')
    site.send('id: 2\nevent: price\ndata: {"symbol":"B","bid":2}\n\n')
    await untilText(page, 'A 1;B 2;C ?;')
    await expect
      .poll(() => page.evaluate(() => window.kit.indexedDbStore('react').load()))
      .toBe('2')
    await page.reload()
    await page.waitForFunction(() => window.kit !== undefined)
    await page.context().setOffline(true)
    site.cut()
    await show()
    await untilText(page, 'A 1;B 2;C ?;')
    expect(site.asked).toHaveLength(1)
  })

  test('say what is missing above them', async () => {
    const { page } = await visit()
    const codes = await page.evaluate((options) => {
      const { React, createRoot, flushSync, createClient, HeartlineProvider, useStream, useTopic } =
        window.kit
      const h = React.createElement
      const client = createClient(options)
      const Stream = ({ limit }: { limit?: number }): unknown => {
        useStream({ limit })
        return null
      }
      const Topic = (): unknown => {
        useTopic('a')
        return null
      }
      const seen: string[] = []
      class Boundary extends React.Component {
        state = { isBroken: false }
        static getDerivedStateFromError(): object {
          return { isBroken: true }
        }
        componentDidCatch(error: { code: string }): void {
          seen.push(error.code)
        }
        render(): unknown {
          return this.state.isBroken ? null : (this as any).props.children
        }
      }
      const trees = [
        h(Stream),
        h(HeartlineProvider, { options }, h(Stream, { limit: -1 })),
        h(HeartlineProvider, { client }, h(Topic)),
        h(HeartlineProvider, {}, null),
        h(HeartlineProvider, { client, options }, null),
      ]
      for (const tree of trees) {
        const root = createRoot(document.createElement('div'))
        flushSync(() => root.render(h(Boundary, null, tree)))
      }
      return seen
    }, OPTIONS)
    expect(codes).toEqual([
      'HL_REACT_NO_SOURCE',
      'HL_REACT_LIMIT_INVALID',
      'HL_REACT_TOPIC_UNTOLD',
      'HL_REACT_PROVIDER_OPTIONS',
      'HL_REACT_PROVIDER_OPTIONS',
    ])
  })
})
