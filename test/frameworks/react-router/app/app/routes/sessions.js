import { hub } from '../hub.server.ts'

export const loader = () => Response.json(hub.stats().sessions)
