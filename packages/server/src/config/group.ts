import type { Config } from './config.ts'

/** Headings of settings, in the order in which help and reference show them. */
export const groups = [
  'Listening',
  'Storage',
  'Workers and relays',
  'Streams',
  'Access',
  'Limits',
  'Observability',
] as const

export type Group = (typeof groups)[number]

/** The compiler asks for a line here when the configuration gets another key. */
const GROUP_OF: Readonly<Record<keyof Config, Group>> = {
  listen: 'Listening',
  tls: 'Listening',
  frontDoor: 'Listening',
  store: 'Storage',
  disk: 'Storage',
  retention: 'Storage',
  workers: 'Workers and relays',
  upstream: 'Workers and relays',
  heartbeat: 'Streams',
  heartbeatKind: 'Streams',
  retry: 'Streams',
  namespaces: 'Streams',
  session: 'Streams',
  drain: 'Streams',
  auth: 'Access',
  cors: 'Access',
  limits: 'Limits',
  log: 'Observability',
  metrics: 'Observability',
  console: 'Observability',
}

/** The heading of a setting, by its path. */
export function groupOf(path: readonly string[]): Group {
  return GROUP_OF[path[0] as keyof Config]
}
