import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { groups } from '../../src/config/group.ts'
import { settings } from '../../src/config/setting.ts'
import { eventually, readStream, SECRET, start, startGuarded } from '../kit.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const VERSION = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).version

// Most tests start several programs, which takes long where much else runs.
vi.setConfig({ testTimeout: 180_000 })

interface Cli {
  readonly child: ChildProcess
  out: string
  err: string
  readonly exit: Promise<number | null>
}

const children: ChildProcess[] = []
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')))

function cli(args: string[], options: { env?: Record<string, string>; cwd?: string } = {}): Cli {
  const flags = ['--conditions=@heartline/source', '--import', import.meta.resolve('tsx'), MAIN]
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [...flags, ...args], {
    cwd: options.cwd ?? mkdtempSync(join(tmpdir(), 'heartline-cli-')),
    env: { PATH, HOME, ...options.env },
  })
  children.push(child)
  const run: Cli = {
    child,
    out: '',
    err: '',
    exit: new Promise((resolve) => child.on('close', resolve)),
  }
  child.stdout.on('data', (chunk) => (run.out += chunk))
  child.stderr.on('data', (chunk) => (run.err += chunk))
  return run
}

async function serve(
  args: string[],
  options: Parameters<typeof cli>[1] = {},
): Promise<Cli & { url: string }> {
  const run = cli(['serve', ...args], options)
  await eventually(() => run.out.includes('\n') || run.child.exitCode !== null, 20_000)
  const url = /listening on (\S+)/.exec(run.out)?.[1] ?? ''
  return Object.assign(run, { url })
}

describe('heartline', () => {
  it('prints its version, its help and that of each command', async () => {
    const version = cli(['--version'])
    expect([await version.exit, version.out]).toEqual([0, `${VERSION}\n`])
    const help = cli(['--help'])
    expect(await help.exit).toBe(0)
    for (const name of ['serve', 'publish', 'subscribe', 'token', 'config', 'demo'])
      expect(help.out).toContain(`  ${name}`)
    for (const name of ['serve', 'publish', 'subscribe', 'token', 'config']) {
      const one = cli([name, '--help'])
      expect(await one.exit, name).toBe(0)
      expect(one.out, name).toContain('Examples:')
    }
  })

  it('ends with 2 and a sentence for wrong usage', async () => {
    for (const args of [
      ['nonsense'],
      ['serve', '--listn', 'x'],
      ['publish'],
      ['subscribe', 'a', '--count', 'x'],
      ['token'],
    ]) {
      const run = cli(args)
      expect(await run.exit, args.join(' ')).toBe(2)
      expect(run.err).toMatch(/^heartline: /)
      expect(run.err).not.toContain('    at ')
      expect(run.err).toMatch(
        /\n\nUsage:   heartline .*\nExample: heartline .*\nHelp:    heartline /,
      )
    }
  })

  it('says after wrong usage how the command is called, and what was meant', async () => {
    const missing = cli(['subscribe'])
    const wrong = cli(['config', 'check', '--bogus'])
    const typo = cli(['subscribe', 'a', '--cout', '1'])
    const keyless = cli(['token'])
    expect([await missing.exit, await wrong.exit, await typo.exit, await keyless.exit]).toEqual([
      2, 2, 2, 2,
    ])
    expect(missing.err).toBe(
      "heartline: missing required argument 'topic'\n\n" +
        'Usage:   heartline subscribe [options] <topic...>\n' +
        "Example: heartline subscribe 'news/**'\n" +
        'Help:    heartline subscribe --help\n',
    )
    expect(wrong.err).toContain('Usage:   heartline config check [options] [file]\n')
    expect(typo.err).toContain('(Did you mean --count?)')
    expect(keyless.err).toContain('[HL_USAGE]\n\nUsage:   heartline token [options]\n')
    expect([missing.out, wrong.out, typo.out, keyless.out].join('')).toBe('')
  })

  it('answers help for a word that is no command as it answers the word', async () => {
    const runs = [['srve'], ['help', 'srve'], ['srve', '--help']].map((args) => cli(args))
    const nested = [
      ['help', 'config', 'chek'],
      ['config', 'chek', '--help'],
    ].map((args) => cli(args))
    for (const run of [...runs, ...nested]) expect([await run.exit, run.out]).toEqual([2, ''])
    for (const { err } of runs) {
      expect(err).toMatch(/^heartline: unknown command 'srve'\n\(Did you mean serve\?\)\n\nUsage: /)
    }
    for (const { err } of nested) {
      expect(err).toMatch(/^heartline: unknown command 'chek'\n\(Did you mean check\?\)\n\nUsage: /)
    }
  })

  it('helps with a command in both ways, and with its commands', async () => {
    const pairs = [
      [[], ['help']],
      [['token'], ['help', 'token']],
      [
        ['config', 'check'],
        ['help', 'config', 'check'],
      ],
    ] as const
    for (const [words, asked] of pairs) {
      const option = cli([...words, '--help'])
      const command = cli([...asked])
      expect([await option.exit, await command.exit]).toEqual([0, 0])
      expect(option.out).toContain(`Usage: ${['heartline', ...words].join(' ')} `)
      expect(command.out).toBe(option.out)
    }
  })

  it('groups what can be set, in lines for a terminal of 80 columns', async () => {
    const help = cli(['serve', '--help'])
    expect(await help.exit).toBe(0)
    expect(help.out.match(/^[A-Z][a-z ]+:$/gm)).toEqual([
      'Options:',
      ...groups.map((group) => `${group}:`),
      'Examples:',
    ])
    for (const { flag, kind } of settings) {
      const shown = kind === 'boolean' ? `--[no-]${flag.slice(2)}` : flag
      expect(help.out).toMatch(new RegExp(`^  ${shown.replaceAll(/[[\]]/g, '\\$&')}( |$)`, 'm'))
    }
    const [options = ''] = help.out.split('\nEvery option is')
    expect(options.split('\n').filter((line) => line.length > 80)).toEqual([])
    // Other settings are named as they are given here.
    expect(options).toContain('With --tls-key-file:')
  })

  it('asks once whether the hub runs that never answered', async () => {
    const probe = createServer().listen(0, '127.0.0.1')
    await eventually(() => probe.listening)
    const { port } = probe.address() as AddressInfo
    await new Promise((resolve) => probe.close(resolve))
    const run = cli(['subscribe', 'a', '--url', `http://127.0.0.1:${port}`])
    await eventually(() => run.err.split('Next attempt').length > 2, 20_000)
    run.child.kill('SIGINT')
    expect(await run.exit).toBe(0)
    expect(run.err.split('Is the hub running?')).toHaveLength(2)
  })
})

describe('heartline serve', () => {
  it('prints one line with its address, answers, and leaves in good order on SIGTERM', async () => {
    const run = await serve(['--listen', '127.0.0.1:0', '--drain-deadline', '500ms'])
    expect(run.out).toMatch(
      /^heartline: listening on http:\/\/127\.0\.0\.1:\d+ \(memory store, development mode: no key, loopback only\)\n$/,
    )
    const stream = fetch(`${run.url}/v1/events?topic=a`).then((response) => response.text())
    await eventually(async () =>
      (await (await fetch(`${run.url}/v1/sessions`)).text()).includes('"id"'),
    )
    run.child.kill('SIGTERM')
    expect(await stream).toContain('event: heartline.drain')
    expect(await run.exit).toBe(0)
    expect(run.out.split('\n')).toHaveLength(2)
  })

  it('keeps events on disk across a restart', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'heartline-cli-'))
    const args = ['--listen', '127.0.0.1:0', '--store', 'disk:data']
    const first = await serve(args, { cwd })
    expect(first.out).toContain('(disk store data, ')
    const stored = await fetch(`${first.url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"topic":"a","data":"kept"}',
    })
    const { id } = (await stored.json()) as { id: string }
    const locked = cli(['serve', ...args], { cwd })
    expect(await locked.exit).toBe(1)
    expect(locked.err).toContain('[HL_STORE_LOCKED]')
    first.child.kill('SIGINT')
    expect(await first.exit).toBe(0)
    const second = await serve(args, { cwd })
    const { events } = (await (await fetch(`${second.url}/v1/history?topic=a`)).json()) as any
    expect(events).toMatchObject([{ id, data: 'kept' }])
  })

  it('ends at once on a second signal', async () => {
    const run = await serve(['--listen', '127.0.0.1:0', '--drain-deadline', '60s'])
    // A body that has not ended keeps the server waiting for a moment.
    const socket = connect(Number(new URL(run.url).port), '127.0.0.1')
    socket.on('error', () => {})
    const head =
      'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n'
    socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n17\r\n{"topic":"a","data":1}\n\r\n`)
    await eventually(async () =>
      (await (await fetch(`${run.url}/v1/history?topic=a`)).text()).includes('"id"'),
    )
    run.child.kill('SIGTERM')
    await eventually(() => run.err.includes('Leaving'))
    const startedAt = Date.now()
    run.child.kill('SIGTERM')
    expect(await run.exit).toBe(1)
    expect(Date.now() - startedAt).toBeLessThan(5000)
    socket.destroy()
  })

  it('says in a sentence why it cannot start', async () => {
    const busy = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => busy.once('listening', resolve))
    const taken = `127.0.0.1:${(busy.address() as AddressInfo).port}`
    const cases: [string[], Record<string, string>, string, string][] = [
      [['--listen', taken], {}, 'HL_LISTEN_FAILED', 'another process uses this port'],
      [['--listen', '0.0.0.0:0'], {}, 'HL_KEY_REQUIRED', 'serves only on loopback'],
      [['--heartbeat', 'often'], {}, 'HL_CONFIG_INVALID', '--heartbeat: must be a duration'],
      [[], { HEARTLINE_STOER: 'memory' }, 'HL_CONFIG_UNKNOWN_KEY', 'HEARTLINE_STORE'],
      [['--config', 'missing.json'], {}, 'HL_CONFIG_UNREADABLE', 'missing.json'],
      [['--key-secret', '-----BEGIN PUBLIC KEY-----'], {}, 'HL_KEY_INVALID', 'PEM key'],
      [['--store', 'disk:/dev/null/x'], {}, 'HL_', 'x'],
    ]
    for (const [args, env, code, part] of cases) {
      const run = cli(['serve', '--listen', '127.0.0.1:0', ...args], { env })
      expect(await run.exit, code).toBe(1)
      expect(run.err).toContain(`[${code}`)
      expect(run.err).toContain(part)
      expect(run.err).toMatch(/^heartline: .+\[HL_[A-Z_]+\]$/m)
      expect(run.err).not.toContain('    at ')
      expect(run.out).toBe('')
    }
    busy.close()
  })
})

describe('heartline publish', () => {
  it('publishes one event and prints its id', async () => {
    const server = await start()
    const run = cli(['publish', 'news', 'hello', '--type', 'headline', '--url', server.url])
    expect(await run.exit).toBe(0)
    const { events } = await server.hub.history({ selectors: ['news'] })
    expect(events).toMatchObject([{ data: 'hello', type: 'headline', id: run.out.trim() }])
  })

  it('publishes lines of the standard input, and events from NDJSON', async () => {
    const server = await start()
    const lines = cli(['publish', 'log', '-', '--quiet'], { env: { HEARTLINE_URL: server.url } })
    lines.child.stdin?.end('one\ntwo\r\nthree')
    expect([await lines.exit, lines.out]).toEqual([0, ''])
    const events = cli(['publish', 'log', '--ndjson', '--url', server.url])
    events.child.stdin?.end('{"topic":"other","data":1}\n\n{"data":2}\n')
    expect(await events.exit).toBe(0)
    const page = await server.hub.history({ selectors: ['**'] })
    expect(page.events.map(({ topics, data }) => `${topics.join()} ${data}`)).toEqual([
      'log one',
      'log two',
      'log three',
      'other 1',
      'log 2',
    ])
  })

  it('publishes every line though nobody reads the ids any more', async () => {
    const server = await start()
    const run = cli(['publish', 'log', '-', '--url', server.url])
    run.child.stdout?.destroy()
    for (const [index, line] of ['one', 'two', 'three'].entries()) {
      run.child.stdin?.write(`${line}\n`)
      const isStored = async (): Promise<boolean> =>
        (await server.hub.history({ selectors: ['log'] })).events.length > index
      await eventually(async () => (await isStored()) || run.child.exitCode !== null, 90_000)
    }
    run.child.stdin?.end()
    expect([await run.exit, run.err]).toEqual([0, ''])
    const { events } = await server.hub.history({ selectors: ['log'] })
    expect(events.map(({ data }) => data)).toEqual(['one', 'two', 'three'])
  })

  it('ends with 1 and the reason when it is refused or nobody answers', async () => {
    const server = await startGuarded()
    const refused = cli(['publish', 'a', 'x', '--url', server.url])
    expect(await refused.exit).toBe(1)
    expect(refused.err).toMatch(
      /^heartline: This needs a token.*\[HL_AUTH_REQUIRED\]\n.*--token or HEARTLINE_TOKEN\.\n$/,
    )
    const nobody = cli(['publish', 'a', 'x', '--url', 'http://127.0.0.1:9'])
    expect(await nobody.exit).toBe(1)
    expect(nobody.err).toContain('[HL_HUB_UNREACHABLE]')
  })
})

describe('heartline subscribe', () => {
  it('prints events as lines or JSON, and stops after --count', async () => {
    const server = await start()
    await server.hub.publish([
      { topic: 'a', data: 'one' },
      { topic: 'a', data: { n: 2 }, type: 'two' },
    ])
    const plain = cli([
      'subscribe',
      'a',
      '--since',
      'earliest',
      '--count',
      '2',
      '--url',
      server.url,
    ])
    expect(await plain.exit).toBe(0)
    expect(plain.out).toBe('one\ntwo: {"n":2}\n')
    const json = cli([
      'subscribe',
      'a',
      'b',
      '--json',
      '--since',
      'earliest',
      '--count',
      '1',
      '--url',
      server.url,
    ])
    expect(await json.exit).toBe(0)
    expect(JSON.parse(json.out)).toMatchObject({
      id: expect.stringMatching(/^1\./),
      type: 'message',
      data: 'one',
    })
  })

  it('ends without a word when whoever read its output has gone', async () => {
    const server = await start()
    const run = cli(['subscribe', 'a', '--quiet', '--since', 'earliest', '--url', server.url])
    await server.hub.publish([{ topic: 'a', data: 'one' }])
    await eventually(() => run.out === 'one\n', 20_000)
    run.child.stdout?.destroy()
    await server.hub.publish([{ topic: 'a', data: 'two' }])
    expect([await run.exit, run.err]).toEqual([0, ''])
  })

  it('comes back after the stream broke, without a gap or a duplicate, and stops on SIGTERM', async () => {
    const server = await start()
    const run = cli(['subscribe', 'a', '--url', server.url])
    await eventually(() => server.hub.stats().sessions === 1, 20_000)
    await server.hub.publish([{ topic: 'a', data: 'one' }])
    await eventually(() => run.out === 'one\n')
    const [session] = server.hub.sessions()
    server.hub.endSession(session?.id ?? '', { reconnect: true })
    await server.hub.publish([{ topic: 'a', data: 'two' }])
    await eventually(() => run.out === 'one\ntwo\n', 15_000)
    expect(run.err).toContain('Next attempt in')
    run.child.kill('SIGTERM')
    expect(await run.exit).toBe(0)
  })

  it('shows a gap, and ends when it is refused for good', async () => {
    const server = await start()
    const gap = cli([
      'subscribe',
      'a',
      '--last-event-id',
      '1.other.mhx2c1q8-1z4',
      '--url',
      server.url,
      '--json',
      '--count',
      '1',
    ])
    await eventually(() => gap.err.includes('gap {'), 20_000)
    await server.hub.publish([{ topic: 'a', data: 'on' }])
    expect(await gap.exit).toBe(0)
    expect(gap.out.split('\n').map((line) => line && JSON.parse(line).type)).toEqual([
      'heartline.gap',
      'message',
      '',
    ])
    const refused = cli(['subscribe', 'a/**/b', '--url', server.url])
    expect(await refused.exit).toBe(1)
    expect(refused.err).toContain('[HL_SELECTOR_INVALID]')
  })
})

describe('heartline token', () => {
  it('signs tokens that the hub accepts', async () => {
    const server = await startGuarded()
    const secretFile = join(mkdtempSync(join(tmpdir(), 'heartline-secret-')), 'secret')
    writeFileSync(secretFile, `${SECRET}\n`)
    const run = cli([
      'token',
      '--secret-file',
      secretFile,
      '--subscribe',
      'a',
      'b/*',
      '--sub',
      'me',
      '--expires',
      '5m',
    ])
    expect(await run.exit).toBe(0)
    const headers = { authorization: `Bearer ${run.out.trim()}` }
    const { text } = await readStream(server, '/v1/events?topic=a&topic=b/c', {
      headers,
      until: 'retry',
    })
    expect(text).toContain('retry')
    const refused = await fetch(`${server.url}/v1/history?topic=c`, { headers })
    expect(refused.status).toBe(403)
  })
})

describe('heartline config', () => {
  it('checks a file, prints defaults and the schema', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'heartline-cli-'))
    writeFileSync(join(cwd, 'bad.json'), '{"lisen":":1","heartbeat":"x"}')
    const bad = cli(['config', 'check', 'bad.json'], { cwd })
    expect(await bad.exit).toBe(1)
    expect(bad.err).toContain('lisen is not a setting. Did you mean "listen"?')
    expect(bad.err).toContain('heartbeat: must be a duration')
    const defaults = cli(['config', 'print-defaults'])
    expect(await defaults.exit).toBe(0)
    writeFileSync(join(cwd, 'heartline.json'), defaults.out)
    const good = cli(['config', 'check'], { cwd })
    expect([await good.exit, good.out]).toEqual([0, 'heartline: heartline.json is valid\n'])
    const schema = cli(['config', 'schema'])
    expect(await schema.exit).toBe(0)
    expect(JSON.parse(schema.out).title).toBe('Heartline configuration')
  })
})
