/** What the browser or worker around the client says about the network and the page. */
export interface Surroundings {
  /** False when there is certainly no network. */
  readonly isOnline: boolean
  /**
   * Calls `onWake` when a dead stream is worth a look: the page is shown, resumed or comes out of the
   * back/forward cache, or the network is back.
   *
   * @returns Stops that.
   */
  watch(onWake: () => void): () => void
}

const OF_WINDOW = ['online', 'pageshow']
const OF_DOCUMENT = ['visibilitychange', 'resume']

/** The page or worker that this runs in; Node.js says nothing. */
export const surroundings: Surroundings = {
  get isOnline() {
    return globalThis.navigator?.onLine !== false
  },
  watch(onWake) {
    const { document } = globalThis
    const wake = (event: Event): void => {
      const isHiding = event.type === 'visibilitychange' && document.visibilityState === 'hidden'
      if (!isHiding) onWake()
    }
    for (const type of OF_WINDOW) globalThis.addEventListener?.(type, wake)
    for (const type of OF_DOCUMENT) document?.addEventListener(type, wake)
    return () => {
      for (const type of OF_WINDOW) globalThis.removeEventListener?.(type, wake)
      for (const type of OF_DOCUMENT) document?.removeEventListener(type, wake)
    }
  },
}
