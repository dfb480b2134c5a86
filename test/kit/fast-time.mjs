// Loaded before a program (`node --import`), it makes time in that process run TEST_TIME_FACTOR times
// as fast since the Unix millisecond TEST_TIME_BEGIN: timers, Date and performance agree, and so do
// all processes that were given the same two values.
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers'
import promises from 'node:timers/promises'

const factor = Number(process.env['TEST_TIME_FACTOR'])
const begin = Number(process.env['TEST_TIME_BEGIN'])
const { timeOrigin } = performance
const realNow = performance.now.bind(performance)
const toFast = (unixMs) => begin + (unixMs - begin) * factor
const now = () => toFast(timeOrigin + realNow())

globalThis.Date = class FastDate extends Date {
  constructor(...values) {
    if (values.length === 0) super(now())
    else super(...values)
  }

  static now() {
    return Math.floor(now())
  }
}
Object.defineProperty(performance, 'timeOrigin', { value: toFast(timeOrigin) })
performance.now = () => realNow() * factor

for (const name of ['setTimeout', 'setInterval']) {
  const real = globalThis[name]
  const fast = (callback, ms, ...values) => real(callback, Number(ms ?? 0) / factor, ...values)
  Object.defineProperties(fast, Object.getOwnPropertyDescriptors(real))
  globalThis[name] = fast
  timers[name] = fast
}
const { setTimeout: realWait } = promises
promises.setTimeout = (ms, ...values) => realWait(Number(ms ?? 0) / factor, ...values)
syncBuiltinESMExports()
