// #region program
import { createServer } from 'node:http'
import { createMemoryBroker } from '@heartline/broker'
import { createHub, createNodeHandler } from '@heartline/hub'

const hub = await createHub({ broker: createMemoryBroker() })
createServer(createNodeHandler(hub)).listen(3000, '127.0.0.1')

setInterval(() => void hub.publish([{ topic: 'time/now', data: { at: Date.now() } }]), 1_000)
// In a page: new EventSource('http://127.0.0.1:3000/?topic=time/*').onmessage = (e) => console.log(e.data)
// In a terminal: curl -N 'http://127.0.0.1:3000/?topic=time/*'
// #endregion
