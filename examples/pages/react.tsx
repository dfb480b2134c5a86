// #region program
import { HeartlineProvider, typedHooks } from '@heartline/react'

const { useStream, useLatest } = typedHooks<{ price: { bid: number }; note: string }>()

function Price() {
  const price = useLatest('price')
  const { state } = useStream({ limit: 0 })
  return (
    <p>
      {state.name}: {price?.bid}
    </p>
  )
}

export const App = () => (
  <HeartlineProvider options={{ url: '/v1/events?topic=prices' }}>
    <Price />
  </HeartlineProvider>
)
// #endregion
