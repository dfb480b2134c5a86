import { inOrder, type RecordedEvent, type Recording } from './recording.ts'

/** A month passes in a second: the recorded ten years take two minutes. */
const PACE = 30.44 * 86_400

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The monthly prices of five shares from 2000 to 2010: lines of `symbol,Jan 1 2000,39.81`. */
export function readPrices(csv: string): Recording {
  const lines = csv.trim().split(/\r?\n/).slice(1)
  return { kind: 'price', pace: PACE, events: inOrder(lines.map(toEvent)) }
}

function toEvent(line: string): RecordedEvent {
  const [symbol = '', date = '', price = ''] = line.split(',')
  const at = toTime(date)
  return {
    topic: `stocks/${symbol}`,
    at,
    data: { symbol, price: Number(price), time: new Date(at).toISOString() },
  }
}

/** Read by hand: `Date.parse` would take the month in the machine's own time zone. */
function toTime(date: string): number {
  const [month = '', day = '', year = ''] = date.split(' ')
  return Date.UTC(Number(year), MONTHS.indexOf(month), Number(day))
}
