export { fileOutbox } from './outbox/file.ts'
export { fileStore } from './store/file.ts'
