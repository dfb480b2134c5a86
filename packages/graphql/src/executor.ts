import { Kind, type DocumentNode, type ExecutionArgs, type OperationDefinitionNode } from 'graphql'
import { DocumentCache } from './document-cache.ts'
import type { SubscribeResult } from './engine.ts'
import { Execution } from './execution.ts'
import type { Operation, OperationEnd, OperationMode } from './operation.ts'
import type { ResolvedOptions } from './options.ts'
import type { OperationParams } from './params.ts'
import { toErrorMember, type VisibleError } from './reply.ts'

/** A document that may be executed, and which of its operations is meant. */
export interface CheckedRequest {
  readonly document: DocumentNode
  readonly kind: Operation['kind']
  readonly params: OperationParams
}

/** Why a document may not be executed. */
export interface RefusedRequest {
  readonly errors: readonly VisibleError[]
}

/** Who sent an operation, and how its results leave. */
export interface OperationOrigin<Incoming> {
  readonly incoming: Incoming
  readonly mode: OperationMode
  readonly identity: unknown
  readonly lastEventId?: string | undefined
}

interface HookAnswers<Context> {
  readonly contextValue: Context | undefined
  readonly onEnd: ((end: OperationEnd) => void) | undefined
}

/** Parses, validates and executes. */
export class Executor<Incoming, Context> {
  readonly #options: ResolvedOptions<Incoming, Context>
  readonly #cache: DocumentCache

  constructor(options: ResolvedOptions<Incoming, Context>) {
    this.#options = options
    this.#cache = new DocumentCache(options.maxCachedDocuments)
  }

  get cachedDocuments(): number {
    return this.#cache.size
  }

  /** Syntax, validation and the choice of the operation: what can be wrong before execution. */
  check(params: OperationParams): CheckedRequest | RefusedRequest {
    const document = this.#document(params.query)
    if ('errors' in document) return document
    const operation = chooseOperation(document, params.operationName ?? undefined)
    if ('errors' in operation) return operation
    return { document, kind: operation.operation as Operation['kind'], params }
  }

  /** Makes the context and tells the hooks. Rejects with what they throw. */
  async begin(request: CheckedRequest, origin: OperationOrigin<Incoming>): Promise<Execution> {
    const { schema, rootValue, engine } = this.#options
    const { document, kind, params } = request
    const { incoming, ...told } = origin
    const controller = new AbortController()
    const { signal } = controller
    const operation: Operation = { lastEventId: undefined, ...told, kind, params, signal }
    const { contextValue, onEnd } = await this.#tellHooks(incoming, operation).catch((error) => {
      // What a hook has tied to the operation must not outlive it.
      controller.abort()
      throw error
    })
    const args: ExecutionArgs & { abortSignal: AbortSignal } = {
      schema,
      document,
      rootValue,
      contextValue,
      variableValues: params.variables ?? null,
      operationName: params.operationName ?? null,
      // Version 17 stops executing when nobody waits any more; 16 does not know it.
      abortSignal: signal,
    }
    const run = (): Promise<SubscribeResult> | SubscribeResult =>
      kind === 'subscription' ? engine.subscribe(args) : engine.execute(args)
    return new Execution({ operation, run, controller, onEnd, report: this.#options.report })
  }

  async #tellHooks(incoming: Incoming, operation: Operation): Promise<HookAnswers<Context>> {
    const { context, onOperation } = this.#options
    const contextValue = await context?.(incoming, operation)
    return { contextValue, onEnd: (await onOperation?.(operation)) ?? undefined }
  }

  #document(text: string): DocumentNode | RefusedRequest {
    const known = this.#cache.get(text)
    if (known !== undefined) return known
    const { engine, schema, rules, maxTokens, report } = this.#options
    try {
      const document = engine.parse(text, { maxTokens })
      const errors = engine.validate(schema, document, rules)
      if (errors.length > 0) return { errors }
      this.#cache.set(text, document)
      return document
    } catch (error) {
      return { errors: [toErrorMember(error, report)] }
    }
  }
}

/** In the words of the reference implementation. */
function chooseOperation(
  document: DocumentNode,
  name: string | undefined,
): OperationDefinitionNode | RefusedRequest {
  const operations = document.definitions.filter(
    (definition): definition is OperationDefinitionNode =>
      definition.kind === Kind.OPERATION_DEFINITION,
  )
  const [first, ...others] = operations
  const chosen =
    name === undefined ? first : operations.find((operation) => operation.name?.value === name)
  if (name === undefined && others.length > 0) {
    return refuse('Must provide operation name if query contains multiple operations.')
  }
  if (chosen !== undefined) return chosen
  return refuse(
    name === undefined ? 'Must provide an operation.' : `Unknown operation named "${name}".`,
  )
}

function refuse(message: string): RefusedRequest {
  return { errors: [{ message }] }
}
