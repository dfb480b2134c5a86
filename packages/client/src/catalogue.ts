export { clientErrors } from './errors.ts'
