import {
  execute,
  parse,
  specifiedRules,
  subscribe,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  type ValidationRule,
} from 'graphql'

type MaybePromise<Value> = Value | Promise<Value>

/** What `subscribe` answers: results one after the other, or one result with errors. */
export type SubscribeResult = AsyncIterable<ExecutionResult> | ExecutionResult

/**
 * The functions of `graphql` that the handler calls. Others with the same meaning take their place,
 * such as a compiling `execute`, or those of another copy of the package.
 */
export interface Engine {
  readonly parse: (text: string, options: { maxTokens: number }) => DocumentNode
  readonly validate: (
    schema: GraphQLSchema,
    document: DocumentNode,
    rules: readonly ValidationRule[],
  ) => readonly GraphQLError[]
  /** The rules of the specification, which the `validationRules` of the handler are added to. */
  readonly specifiedRules: readonly ValidationRule[]
  readonly execute: (args: ExecutionArgs) => MaybePromise<ExecutionResult>
  readonly subscribe: (args: ExecutionArgs) => MaybePromise<SubscribeResult>
}

/** The functions of the installed `graphql`. */
export const installedEngine: Engine = { parse, validate, specifiedRules, execute, subscribe }
