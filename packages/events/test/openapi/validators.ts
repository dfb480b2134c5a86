import { createConfig, lintFromString } from '@redocly/openapi-core'
import '@hyperjump/json-schema/openapi-3-1'
import '@hyperjump/json-schema/openapi-3-2'
import { setMetaSchemaOutputFormat } from '@hyperjump/json-schema'
import { validate } from '@hyperjump/json-schema/openapi-3-2'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { OpenApiDocument } from '../../src/openapi/index.ts'

/** What a public validator finds wrong; empty when it finds nothing. */
type Complaints = Promise<readonly string[]>

/** Redocly's linter: its own types for 3.1 and 3.2, and it resolves each reference. */
async function redocly(document: object): Complaints {
  const config = await createConfig({
    rules: {
      struct: 'error',
      'no-unresolved-refs': 'error',
      'path-parameters-defined': 'error',
      'operation-parameters-unique': 'error',
      'operation-operationId-unique': 'error',
      'security-defined': 'off',
      'spec-components-invalid-map-name': 'error',
      'no-invalid-schema-examples': 'error',
    },
  })
  const problems = await lintFromString({ source: JSON.stringify(document), config })
  return problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)
}

/** The schema of the OpenAPI Initiative, read by ajv. */
async function seriousme(document: object): Complaints {
  const { valid, errors } = await new Validator().validate(document as Record<string, unknown>)
  return valid ? [] : [JSON.stringify(errors ?? 'not valid')]
}

/** The same with the dialect of its schemas, which are looked into as well. */
async function hyperjump(document: object): Complaints {
  const { openapi } = document as OpenApiDocument
  const version = openapi.startsWith('3.2') ? '3.2' : '3.1'
  const output = await validate(
    `https://spec.openapis.org/oas/${version}/schema-base`,
    document as never,
    'DETAILED',
  )
  return output.valid ? [] : [JSON.stringify(output)]
}

setMetaSchemaOutputFormat('DETAILED')

/** By name. All of them know OpenAPI 3.2 and run on Node.js 20. */
export const validators: Readonly<Record<string, (document: object) => Complaints>> = {
  '@redocly/openapi-core': redocly,
  '@seriousme/openapi-schema-validator': seriousme,
  '@hyperjump/json-schema': hyperjump,
}
