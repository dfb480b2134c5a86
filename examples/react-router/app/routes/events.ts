import { subscribeFetch } from '@heartline/session/fetch'
import type { LoaderFunctionArgs } from 'react-router'
import { hub, userOf } from '../hub.server.ts'

/** A resource route: a module that exports a loader and no component. */
export function loader({ request }: LoaderFunctionArgs): Promise<Response> {
  const authorize = (asked: Request) => ({ selectors: [`notes/${userOf(asked)}`] })
  return subscribeFetch(hub, request, { authorize }, { context: request })
}
