import type { ErrorCatalogue } from '@heartline/wire'

export type OpenApiErrorName =
  | 'versionUnknown'
  | 'pathInvalid'
  | 'operationTaken'
  | 'schemaNotJson'
  | 'statusInvalid'

/** Everything that is thrown where a description is generated. */
export const openApiErrors: ErrorCatalogue<OpenApiErrorName> = {
  versionUnknown: {
    code: 'HL_OPENAPI_VERSION_UNKNOWN',
    message: 'No description can be made for OpenAPI {version}. Give "3.2" or "3.1".',
    fault: 'caller',
    retryable: false,
    status: 500,
  },
  pathInvalid: {
    code: 'HL_OPENAPI_PATH_INVALID',
    message: 'The path "{path}" {problem}.',
    fault: 'caller',
    retryable: false,
    status: 500,
  },
  operationTaken: {
    code: 'HL_OPENAPI_OPERATION_TAKEN',
    message:
      'The base describes {method} {path} already. Take it out of the base, or give another path.',
    fault: 'caller',
    retryable: false,
    status: 500,
  },
  schemaNotJson: {
    code: 'HL_OPENAPI_SCHEMA_NOT_JSON',
    message:
      'The schema of "{type}" ({vendor}) has no JSON Schema: {reason}. Describe the value as ' +
      'it is on the wire, use a version of the library that has "~standard.jsonSchema", or give ' +
      'toJsonSchema: (schema, type) => …, for valibot with @valibot/to-json-schema.',
    fault: 'caller',
    retryable: false,
    status: 500,
  },
  statusInvalid: {
    code: 'HL_OPENAPI_STATUS_INVALID',
    message: 'The status {status} is no error. Give numbers from 400 to 599.',
    fault: 'caller',
    retryable: false,
    status: 500,
  },
}
