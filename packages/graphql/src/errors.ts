import {
  HeartlineError,
  type ErrorCatalogue,
  type ErrorDetails,
  type ErrorEntry,
} from '@heartline/wire'

export type GraphqlErrorName =
  | 'optionInvalid'
  | 'notAcceptable'
  | 'methodNotAllowed'
  | 'mutationOverGet'
  | 'contentTypeInvalid'
  | 'bodyTooLarge'
  | 'bodyInvalid'
  | 'paramInvalid'
  | 'subscriptionNotAcceptable'
  | 'streamNotFound'
  | 'streamOpen'
  | 'operationIdMissing'
  | 'operationIdTaken'
  | 'tooManyOperations'
  | 'overloaded'
  | 'clusterUnavailable'
  | 'sourceFailed'
  | 'sourceEnded'
  | 'internal'
  | 'resultInvalid'

/** Everything that the handler answers with or throws. */
export const graphqlErrors: ErrorCatalogue<GraphqlErrorName> = {
  optionInvalid: toEntry('OPTION_INVALID', 'The option {option} {problem}.', 500, 'caller'),
  notAcceptable: toEntry(
    'NOT_ACCEPTABLE',
    'Nothing of "{accept}" can be sent here. Accept one of: {allowed}.',
    406,
  ),
  methodNotAllowed: toEntry(
    'METHOD_NOT_ALLOWED',
    'The method {method} is not answered here. Use one of: {allowed}.',
    405,
  ),
  mutationOverGet: toEntry(
    'MUTATION_OVER_GET',
    'A mutation cannot be sent with GET. Send it with POST.',
    405,
  ),
  contentTypeInvalid: toEntry(
    'CONTENT_TYPE_INVALID',
    'The content type "{contentType}" is not read here. Send application/json as UTF-8.',
    415,
  ),
  bodyTooLarge: toEntry(
    'BODY_TOO_LARGE',
    'The body of the request is larger than {maxBytes} bytes.',
    413,
  ),
  bodyInvalid: toEntry('BODY_INVALID', 'The body of the request is not a JSON object.', 400),
  paramInvalid: toEntry('PARAM_INVALID', 'The parameter "{param}" {problem}.', 400),
  subscriptionNotAcceptable: toEntry(
    'SUBSCRIPTION_NOT_ACCEPTABLE',
    'A subscription is answered as a stream. Send "Accept: text/event-stream".',
    406,
  ),
  streamNotFound: toEntry(
    'STREAM_NOT_FOUND',
    'There is no such stream, or its reservation expired. Reserve one with PUT.',
    404,
  ),
  streamOpen: toEntry('STREAM_OPEN', 'The stream of this reservation is open already.', 409),
  operationIdMissing: toEntry(
    'OPERATION_ID_MISSING',
    'The id of the operation is missing: a string of 1 to {maxLength} characters in {place}.',
    400,
  ),
  operationIdTaken: toEntry(
    'OPERATION_ID_TAKEN',
    'An operation with this id runs on the stream already. Choose another.',
    409,
  ),
  tooManyOperations: toEntry(
    'TOO_MANY_OPERATIONS',
    'The stream has {max} operations already. Wait until one of them ended.',
    429,
  ),
  overloaded: toEntry(
    'OVERLOADED',
    'Too much waits for streams that are not open yet. Try again later.',
    503,
    'server',
  ),
  clusterUnavailable: toEntry(
    'CLUSTER_UNAVAILABLE',
    'The process that holds the stream cannot be asked now. Try again later.',
    503,
    'server',
  ),
  sourceFailed: toEntry('SOURCE_FAILED', 'The source of this operation failed.', 500, 'server'),
  sourceEnded: toEntry(
    'SOURCE_ENDED',
    'The hub ended the source of this operation ({reason}). Subscribe again.',
    503,
    'server',
  ),
  internal: toEntry('INTERNAL', 'The request could not be answered.', 500, 'server'),
  resultInvalid: toEntry(
    'RESULT_INVALID',
    'The result of this operation cannot be written as JSON.',
    500,
    'server',
  ),
}

/** An error of the catalogue. */
export function toError(
  name: GraphqlErrorName,
  details?: ErrorDetails,
  cause?: unknown,
): HeartlineError {
  return new HeartlineError(graphqlErrors[name], details, cause)
}

function toEntry(
  code: string,
  message: string,
  status: number,
  fault: ErrorEntry['fault'] = 'peer',
): ErrorEntry {
  const retryable = status === 503 || status === 429
  return { code: `HL_GRAPHQL_${code}`, message, fault, retryable, status }
}
