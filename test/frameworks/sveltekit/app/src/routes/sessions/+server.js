import { hub } from '../../lib/hub.ts'

export const GET = () => Response.json(hub.stats().sessions)
