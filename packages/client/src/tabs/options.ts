import type { EventMap } from '../event.ts'
import type { ClientOptions } from '../options.ts'

/** Options of `createClient` that make no sense for what several tabs share. */
type Unshared = 'url' | 'method' | 'body' | 'repeat'

/** What `createSharedClient` takes beside the options of `createClient`. */
export interface SharedClientOptions<Events extends EventMap = EventMap> extends Omit<
  ClientOptions<Events>,
  Unshared
> {
  /**
   * Where the stream is. A list holds equal servers, the preferred one first. Tabs share a
   * connection when this, `credentials` and `identity` are the same.
   */
  readonly url: string | URL | readonly (string | URL)[]
  /**
   * What this tab reads of a Heartline hub: selectors, added to `url` as `?topic=`. The connection
   * has the topics of all tabs, and each tab gets its own. Default: none; the stream of `url` as it
   * is, the same for all tabs.
   */
  readonly topics?: readonly string[] | undefined
  /**
   * Who reads: tabs with different ones never share. Say it when tokens change, or when a cookie
   * says who the user is. Default: tabs share whose headers and token are the same.
   */
  readonly identity?: string | undefined
  /**
   * Makes the worker that has the connection. Bundlers want the address in place:
   * `() => new SharedWorker(new URL('@heartline/client/shared-worker', import.meta.url), { type:
   * 'module' })`. Without it, or where there are none, one of the tabs has the connection.
   */
  readonly worker?: (() => SharedWorker) | undefined
}
