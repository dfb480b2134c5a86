import {
  checkChoice,
  checkHeartbeat,
  checkInteger,
  type NamespaceOptions,
  type ResolvedHubOptions,
  type SlowPolicy,
} from './options.ts'
import { checkSelector, selectorCovers, selectorMatches } from './selector.ts'

/** The resolved options of a set of topics. */
export interface Namespace {
  readonly topics: string
  readonly history: 'all' | 'latest' | 'none'
  readonly historyMaxAgeMs: number
  readonly presence: boolean
  readonly slowPolicy: SlowPolicy
  readonly heartbeatMs: number
  readonly private: boolean
}

const HISTORIES = ['all', 'latest', 'none']
const SLOW_POLICIES = ['catch-up', 'latest', 'disconnect']
const FLAGS = [true, false]

/** Topics seen recently, with their namespace. Bounded: topics may be made up by publishers. */
const CACHE_SIZE = 10_000

/** From topics and selectors to their options. */
export class NamespaceTable {
  readonly #namespaces: readonly Namespace[]
  readonly #fallback: Namespace
  readonly #byTopic = new Map<string, Namespace>()

  constructor(options: ResolvedHubOptions) {
    this.#fallback = resolveNamespace({ topics: '**' }, options)
    this.#namespaces = options.namespaces.map((given) => resolveNamespace(given, options))
  }

  /** True when some topics keep only their latest value. */
  get hasLatest(): boolean {
    return this.#namespaces.some((namespace) => namespace.history === 'latest')
  }

  /** The first namespace that matches the topic, or the defaults. */
  ofTopic(topic: string): Namespace {
    if (this.#namespaces.length === 0) return this.#fallback
    const known = this.#byTopic.get(topic)
    if (known !== undefined) return known
    const found =
      this.#namespaces.find((namespace) => selectorMatches(namespace.topics, topic)) ??
      this.#fallback
    if (this.#byTopic.size >= CACHE_SIZE) this.#byTopic.clear()
    this.#byTopic.set(topic, found)
    return found
  }

  /** The first namespace that covers the selector, or the defaults. */
  ofSelector(selector: string): Namespace {
    const covers = (namespace: Namespace): boolean => selectorCovers(namespace.topics, selector)
    return this.#namespaces.find(covers) ?? this.#fallback
  }
}

function resolveNamespace(given: NamespaceOptions, hub: ResolvedHubOptions): Namespace {
  const namespace: Namespace = {
    topics: checkSelector(given.topics, hub.maxTopicLength),
    history: given.history ?? 'all',
    historyMaxAgeMs: given.historyMaxAgeMs ?? 0,
    presence: given.presence ?? true,
    slowPolicy: given.slowPolicy ?? 'catch-up',
    heartbeatMs: given.heartbeatMs ?? hub.heartbeatMs,
    private: given.private ?? false,
  }
  const option = (name: string): string => `namespaces[${given.topics}].${name}`
  checkHeartbeat(option('heartbeatMs'), namespace.heartbeatMs)
  checkChoice(option('history'), namespace.history, HISTORIES)
  checkChoice(option('slowPolicy'), namespace.slowPolicy, SLOW_POLICIES)
  checkChoice(option('presence'), namespace.presence, FLAGS)
  checkChoice(option('private'), namespace.private, FLAGS)
  const { historyMaxAgeMs } = namespace
  checkInteger(option('historyMaxAgeMs'), historyMaxAgeMs, 0, Number.MAX_SAFE_INTEGER)
  return namespace
}
