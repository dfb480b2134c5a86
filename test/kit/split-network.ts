import { execFileSync } from 'node:child_process'

/** The two ends of one cable. */
export interface Cable {
  readonly hubAddress: string
  /** The same as `hubAddress` where there is no IPv6. */
  readonly hubAddress6: string
  /** Name of the far end: taken down, the hub is told nothing. */
  readonly farInterface: string
}

/** Addresses for benchmarks (RFC 2544): no network outside uses them. */
const PREFIX = '198.18'
const NAME = 'heartline'

/**
 * A hub and its readers on different hosts, as far as TCP can tell: two network namespaces, joined
 * by two cables. Needs root and `ip`. It is removed at the latest when the process ends.
 */
export class SplitNetwork {
  readonly hub: string
  readonly far: string
  readonly first: Cable
  readonly second: Cable
  readonly #net: string
  readonly #remove = (): void => this.remove()

  constructor() {
    const third = process.pid % 250
    this.#net = `${PREFIX}.${third}.0/24`
    this.hub = `${NAME}-hub-${process.pid}`
    this.far = `${NAME}-far-${process.pid}`
    process.once('exit', this.#remove)
    // Before anything has such an address: what strays must not leave the machine.
    ip('route', 'add', 'blackhole', this.#net)
    for (const name of [this.hub, this.far]) {
      ip('netns', 'add', name)
      ip('-n', name, 'link', 'set', 'lo', 'up')
    }
    this.first = this.#join('one', `${PREFIX}.${third}.`, 0)
    this.second = this.#join('two', `${PREFIX}.${third}.`, 4)
  }

  /** Undefined, or why this machine cannot do it. */
  static get hindrance(): string | undefined {
    if (process.platform !== 'linux') return 'Network namespaces are a thing of Linux'
    if (process.getuid?.() !== 0) return 'Making network namespaces needs root'
    const probe = `${NAME}-probe-${process.pid}`
    try {
      ip('netns', 'add', probe)
    } catch (error) {
      return `Network namespaces cannot be made (is iproute2 installed?): ${String(error)}`
    }
    ip('netns', 'del', probe)
    return undefined
  }

  /** What to put before a command so that it runs in one of the namespaces. */
  static enter(namespace: string): readonly string[] {
    return ['ip', 'netns', 'exec', namespace]
  }

  /** Changes a setting of the kernel in one of them. */
  set(namespace: string, setting: string, value: string): void {
    const [command = '', ...args] = SplitNetwork.enter(namespace)
    const file = `/proc/sys/${setting.replaceAll('.', '/')}`
    execFileSync(command, [...args, 'tee', file], { input: value, stdio: 'pipe' })
  }

  /** Removes all of it, also when it was only begun. */
  remove(): void {
    process.off('exit', this.#remove)
    for (const name of [this.hub, this.far]) tryIp('netns', 'del', name)
    tryIp('route', 'del', 'blackhole', this.#net)
  }

  #join(name: string, prefix: string, host: number): Cable {
    const near = `hub-${name}`
    const farInterface = `far-${name}`
    const hubAddress = `${prefix}${host + 1}`
    const end = ['peer', 'name', farInterface, 'netns', this.far]
    ip('-n', this.hub, 'link', 'add', near, 'type', 'veth', ...end)
    connect(this.hub, near, `${hubAddress}/30`)
    connect(this.far, farInterface, `${prefix}${host + 2}/30`)
    const ipv6 = [`fd77:${host}::1`, `fd77:${host}::2`] as const
    const hasIpv6 = addIpv6(this.hub, near, ipv6[0]) && addIpv6(this.far, farInterface, ipv6[1])
    return { hubAddress, hubAddress6: hasIpv6 ? ipv6[0] : hubAddress, farInterface }
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' })
}

function connect(namespace: string, device: string, address: string): void {
  ip('-n', namespace, 'addr', 'add', address, 'dev', device)
  ip('-n', namespace, 'link', 'set', device, 'up')
}

/** False on a system without IPv6. */
function addIpv6(namespace: string, device: string, address: string): boolean {
  return tryIp('-n', namespace, '-6', 'addr', 'add', `${address}/64`, 'dev', device, 'nodad')
}

function tryIp(...args: readonly string[]): boolean {
  try {
    ip(...args)
    return true
  } catch {
    return false
  }
}
