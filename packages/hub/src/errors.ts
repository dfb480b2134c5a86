import type { ErrorCatalogue, Fault } from '@heartline/wire'

/** Names of the hub's errors in `hubErrors`. */
export type HubErrorName =
  | 'topicInvalid'
  | 'selectorInvalid'
  | 'selectorsMissing'
  | 'selectorsTooMany'
  | 'selectorForbidden'
  | 'publishForbidden'
  | 'eventInvalid'
  | 'eventFieldUnknown'
  | 'eventTooLarge'
  | 'typeReserved'
  | 'cursorInvalid'
  | 'silenceInvalid'
  | 'tellInvalid'
  | 'optionInvalid'
  | 'presenceDisabled'
  | 'draining'
  | 'sessionsFull'
  | 'methodNotAllowed'
  | 'internal'

const callerError = (code: string, status: number, message: string) => ({
  code,
  message,
  fault: 'caller' as Fault,
  retryable: false,
  status,
})

const busy = (code: string, message: string) => ({
  code,
  message,
  fault: 'server' as Fault,
  retryable: true,
  status: 503,
})

/** Every error of the hub: code, HTTP status and the sentence a caller reads. */
export const hubErrors: ErrorCatalogue<HubErrorName> = {
  topicInvalid: callerError(
    'HL_TOPIC_INVALID',
    400,
    'The topic is not valid: {reason}. Use 1 to {maxLength} characters without control characters and without `*`.',
  ),
  selectorInvalid: callerError(
    'HL_SELECTOR_INVALID',
    400,
    'The selector is not valid: {reason}. Use a topic, `a/*` for one level, or `a/**` for any depth below `a`.',
  ),
  selectorsMissing: callerError(
    'HL_SELECTOR_MISSING',
    400,
    'No topic was asked for. Add at least one, as in `?topic=news`.',
  ),
  selectorsTooMany: callerError(
    'HL_SELECTOR_TOO_MANY',
    400,
    '{count} selectors were asked for, at most {max} are allowed on one stream.',
  ),
  selectorForbidden: callerError(
    'HL_SELECTOR_FORBIDDEN',
    403,
    'The token does not allow `{selector}`. Ask for a topic that its `subscribe` claim covers.',
  ),
  publishForbidden: callerError(
    'HL_PUBLISH_FORBIDDEN',
    403,
    'The token does not allow publishing to `{topic}`. Use one whose `publish` claim covers it.',
  ),
  eventInvalid: callerError(
    'HL_EVENT_INVALID',
    400,
    'The field `{field}` of the event is not valid: {reason}.',
  ),
  eventFieldUnknown: callerError(
    'HL_EVENT_FIELD_UNKNOWN',
    400,
    'The event has an unknown field `{field}`. Allowed are topic, topics, data, type, key, private, retry and publishId.',
  ),
  eventTooLarge: callerError(
    'HL_PUBLISH_TOO_LARGE',
    413,
    'The event has {bytes} bytes of data, at most {maxBytes} are allowed.',
  ),
  typeReserved: callerError(
    'HL_EVENT_TYPE_RESERVED',
    400,
    'Event types that begin with `heartline.` are reserved for control events.',
  ),
  cursorInvalid: callerError(
    'HL_CURSOR_INVALID',
    400,
    'The cursor is not one that this hub gave out ({reason}). Reconnect without it, or use `?since=earliest`.',
  ),
  silenceInvalid: callerError(
    'HL_SILENCE_INVALID',
    400,
    'The silence is not valid. Give whole seconds from 1 to {max}, as in `?silence=30`.',
  ),
  tellInvalid: callerError('HL_TELL_INVALID', 400, 'Only `?tell=topics` can be asked for.'),
  optionInvalid: callerError(
    'HL_OPTION_INVALID',
    500,
    'The option `{option}` is not valid: {reason}.',
  ),
  presenceDisabled: callerError(
    'HL_PRESENCE_DISABLED',
    404,
    'Presence is switched off for the namespace of `{topic}`.',
  ),
  draining: busy(
    'HL_DRAINING',
    'The hub is leaving. Nothing was stored; try again, another instance or the next start will answer.',
  ),
  sessionsFull: busy('HL_SESSIONS_FULL', 'The hub has {max} open sessions and takes no more now.'),
  methodNotAllowed: callerError(
    'HL_METHOD_NOT_ALLOWED',
    405,
    'A stream is opened with GET, the request used {method}.',
  ),
  internal: {
    code: 'HL_INTERNAL',
    message: 'The server failed to handle this request. Its log says why.',
    fault: 'server',
    retryable: true,
    status: 500,
  },
}
