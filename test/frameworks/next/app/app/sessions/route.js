import { hub } from '../../lib/hub.ts'

export const dynamic = 'force-dynamic'
export const GET = () => Response.json(hub.stats().sessions)
