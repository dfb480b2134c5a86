export { createOutbox, memoryOutbox, type OutboxOptions } from './create-outbox.ts'
export type { OutboxEntry, OutboxStore } from './outbox-store.ts'
export type { Outbox } from './outbox.ts'
