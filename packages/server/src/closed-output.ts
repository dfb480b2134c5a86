let onClosed = (): void => process.exit(0)

/** `heartline … | head` takes what it wants and closes the pipe: no failure, and no reason to go on. */
export function watchOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    onClosed()
  })
}

/** For a command that does more than print: what it does, in place of ending, when nobody reads. */
export function whenOutputCloses(listener: () => void): void {
  onClosed = listener
}
