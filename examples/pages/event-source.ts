// #region import
import { EventSource } from '@heartline/client'

const source = new EventSource('https://example.com/v1/events?topic=prices')
source.addEventListener('price', (event) => console.log(event.data, event.lastEventId))
// #endregion
