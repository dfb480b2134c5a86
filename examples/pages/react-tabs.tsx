// #region program
import { createSharedClient } from '@heartline/client/tabs'
import { HeartlineProvider } from '@heartline/react'
import type { ReactNode } from 'react'

const url = '/v1/events'

export const Shared = ({ children }: { children: ReactNode }) => (
  <HeartlineProvider
    options={{ url }}
    create={(options, topics) => createSharedClient({ ...options, url, topics })}
  >
    {children}
  </HeartlineProvider>
)
// #endregion
