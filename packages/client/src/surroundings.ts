/** What the browser or worker around the client says about the network and the page. */
export interface Surroundings {
  /** False when there is certainly no network. */
  readonly isOnline: boolean
  /**
   * Calls `onWake` when a dead stream is worth a look: the page is shown, resumed or comes out of the
   * back/forward cache, or the network is back.
   *
   * @param onSleep Called when the page goes into the back/forward cache, where it must not hold a
   *   connection that nobody reads. `onWake` follows if it ever comes back.
   * @returns Stops that.
   */
  watch(onWake: () => void, onSleep: () => void): () => void
}

const OF_WINDOW = ['online', 'pageshow', 'pagehide']
const OF_DOCUMENT = ['visibilitychange', 'resume']

/** The page or worker that this runs in; Node.js says nothing. */
export const surroundings: Surroundings = {
  get isOnline() {
    return globalThis.navigator?.onLine !== false
  },
  watch(onWake, onSleep) {
    const { document } = globalThis
    const end = new AbortController()
    const look = ({ type, persisted }: Event & { persisted?: boolean }): void => {
      const isHiding = type === 'visibilitychange' && document.visibilityState === 'hidden'
      if (type !== 'pagehide' && !isHiding) onWake()
      // A page that will not be kept takes its connections with it.
      else if (persisted === true) onSleep()
    }
    for (const type of OF_WINDOW) globalThis.addEventListener?.(type, look, end)
    for (const type of OF_DOCUMENT) document?.addEventListener?.(type, look, end)
    return () => end.abort()
  },
}
