export { openApiErrors, type OpenApiErrorName } from './errors.ts'
export {
  openApiRoute,
  type NodeRequestLike,
  type NodeResponseLike,
  type OpenApiRoute,
  type OpenApiRouteOptions,
} from './open-api-route.ts'
export type {
  JsonObject,
  OpenApiDocument,
  OpenApiOptions,
  OpenApiVersion,
  StreamOperation,
  ToJsonSchema,
} from './options.ts'
export { toOpenApi } from './to-open-api.ts'
