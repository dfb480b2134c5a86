import { HeartlineProvider, typedHooks, type HeartlineProviderProps } from '@heartline/react'
import { StrictMode, type ReactElement } from 'react'

type Events = { price: { symbol: string; bid: number } }

const { useStream, useLatest } = typedHooks<Events>()

function Price({ symbol }: { symbol: string }): ReactElement {
  const price = useLatest('price', { key: symbol })
  return (
    <tr>
      <td>{symbol}</td>
      <td id={symbol}>{price?.bid ?? '–'}</td>
    </tr>
  )
}

function Board(): ReactElement {
  const { state, events, lastError } = useStream({ limit: 5 })
  return (
    <main>
      <p id="state" data-state={state.name}>
        {state.name}
      </p>
      <p id="error">{lastError?.message}</p>
      <table>
        <tbody>
          {['EUR', 'USD'].map((symbol) => (
            <Price key={symbol} symbol={symbol} />
          ))}
        </tbody>
      </table>
      <ol id="events">
        {events.map(({ type, id, data }) => (
          <li key={id}>
            {type} {JSON.stringify(data)}
          </li>
        ))}
      </ol>
    </main>
  )
}

/** The same on the server and in the browser; only the browser has a cache to give it. */
export function App({ options }: Pick<HeartlineProviderProps<Events>, 'options'>): ReactElement {
  return (
    <StrictMode>
      <HeartlineProvider<Events> options={options} keyOf={({ data }) => symbolOf(data)}>
        <Board />
      </HeartlineProvider>
    </StrictMode>
  )
}

/** What the price board keeps one value of each of. */
export function symbolOf(data: object): string | undefined {
  return 'symbol' in data ? String(data.symbol) : undefined
}
