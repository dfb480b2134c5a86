import { HeartlineError } from '@heartline/wire'
import { hubErrors } from './errors.ts'
import {
  checkHeartbeat,
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

/** Topics seen recently, with their namespace. Bounded: topics may be made up by publishers. */
const CACHE_SIZE = 10_000

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
    topics: checkSelector(given.topics),
    history: given.history ?? 'all',
    historyMaxAgeMs: given.historyMaxAgeMs ?? 0,
    presence: given.presence ?? true,
    slowPolicy: given.slowPolicy ?? 'catch-up',
    heartbeatMs: given.heartbeatMs ?? hub.heartbeatMs,
    private: given.private ?? false,
  }
  checkHeartbeat(`namespaces[${given.topics}].heartbeatMs`, namespace.heartbeatMs)
  checkChoice(given.topics, 'history', namespace.history, HISTORIES)
  checkChoice(given.topics, 'slowPolicy', namespace.slowPolicy, SLOW_POLICIES)
  return namespace
}

function checkChoice(
  topics: string,
  option: string,
  value: string,
  choices: readonly string[],
): void {
  if (choices.includes(value)) return
  throw new HeartlineError(hubErrors.optionInvalid, {
    option: `namespaces[${topics}].${option}`,
    reason: `${value} is none of ${choices.join(', ')}`,
  })
}
