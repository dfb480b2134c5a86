import { EventSource } from '@heartline/client'
import { createKit } from './page-kit.ts'

Object.assign(globalThis, {
  kit: createKit(EventSource),
})
