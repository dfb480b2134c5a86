export { fileCache } from './cache/file.ts'
export { fileOutbox } from './outbox/file.ts'
export { fileStore } from './store/file.ts'
