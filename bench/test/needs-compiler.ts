import { findProgram } from '../run/build.ts'

/** Whether tests that compile are skipped. Where `CI` is set they run, and fail without `cc`. */
export const LACKS_COMPILER: boolean =
  findProgram('cc') === undefined && process.env['CI'] === undefined
