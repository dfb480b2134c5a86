// #region program
import { createParser, decodeCursor, encodeEvent, encodePosition } from '@heartline/wire'

const id = encodePosition('k3f9', { ms: Date.now(), offset: 2560 })
const text = encodeEvent({ id, type: 'price', data: JSON.stringify({ bid: 4 }) })

const parser = createParser({ onEvent: (event) => console.log(event.type, event.data) })
// Text or bytes, cut anywhere, as the body of a response brings them.
for (const chunk of [text.slice(0, 9), text.slice(9)]) parser.feed(chunk)
parser.end()
console.log(decodeCursor(parser.lastEventId).positions)
// #endregion
