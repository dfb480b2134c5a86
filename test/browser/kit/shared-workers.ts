import type { Browser } from 'playwright-core'
import { waitFor } from '../../kit/wait-for.ts'
import type { Site } from './site.ts'

/** The shared workers of a site that run, by the names that the browser gives them. */
export async function workersOf(browser: Browser, { url }: Site): Promise<string[]> {
  const session = await browser.newBrowserCDPSession()
  const { targetInfos } = await session.send('Target.getTargets', { filter: [{}] })
  await session.detach()
  const workers = targetInfos.filter(({ type }) => type === 'shared_worker')
  return workers.filter((worker) => worker.url.startsWith(url)).map(({ targetId }) => targetId)
}

/** Ends them as a system does that has no memory left. @returns How many there were. */
export async function endWorkers(browser: Browser, site: Site): Promise<number> {
  const workers = await workersOf(browser, site)
  const session = await browser.newBrowserCDPSession()
  for (const targetId of workers) await session.send('Target.closeTarget', { targetId })
  await session.detach()
  const isGone = async (): Promise<boolean> => {
    const running = await workersOf(browser, site)
    return !workers.some((id) => running.includes(id))
  }
  await waitFor(isGone, { what: 'the workers are gone' })
  return workers.length
}
