// #region program
import { createServer, loadConfig } from 'heartline'

const config = loadConfig({ environment: process.env, directory: process.cwd() })
const server = await createServer(config)
await server.hub.publish([{ topic: 'news/today', data: { title: 'hello' } }])
await server.stop()
// #endregion
