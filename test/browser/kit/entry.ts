// What the pages of these tests load, in one file.
export * from '@heartline/client'
export * from '@heartline/client/browser'
export * from '@heartline/client/cache'
export * from '@heartline/client/tabs'
export * from '@heartline/client/outbox'
