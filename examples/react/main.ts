/**
 * `npm run react -w @heartline/examples`: serves the page and publishes prices. `-- --port 3000` says
 * where; `-- --check` drives it with Chromium instead and exits with 1 when something is wrong.
 */
import { parseArgs } from 'node:util'
import { checkSite } from './check.ts'
import { PriceSite } from './site.tsx'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8431' },
    check: { type: 'boolean', default: false },
  },
})

const site = new PriceSite()
await site.start(values.check ? 0 : Number(values.port))
if (values.check) {
  const problems = await checkSite(site)
  await site.stop()
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  else console.log('The page does what it says.')
} else {
  const symbols = ['EUR', 'USD']
  const clock = setInterval(() => {
    const symbol = symbols[Math.floor(Math.random() * symbols.length)] as string
    void site.publish(symbol, Math.round(1e4 + Math.random() * 1000) / 1e4)
  }, 500)
  console.log(`Open ${site.url}. Ctrl+C ends it.`)
  process.once('SIGINT', () => {
    clearInterval(clock)
    void site.stop()
  })
}
