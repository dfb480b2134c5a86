export { indexedDbOutbox } from './outbox/indexed-db.ts'
export { indexedDbStore } from './store/indexed-db.ts'
export { sessionStorageStore, type TextStorage } from './store/session-storage.ts'
