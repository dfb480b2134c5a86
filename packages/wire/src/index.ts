export {
  HeartlineError,
  type ErrorCatalogue,
  type ErrorDetails,
  type ErrorEntry,
  type Fault,
} from './error.ts'
