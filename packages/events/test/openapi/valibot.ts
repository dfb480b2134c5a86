// #region valibot
import { toJsonSchema } from '@valibot/to-json-schema'
import type { GenericSchema } from 'valibot'

/** For `toOpenApi({ info, paths, toJsonSchema: ofValibot })`. */
export const ofValibot = (schema: object): object => toJsonSchema(schema as GenericSchema)
// #endregion
