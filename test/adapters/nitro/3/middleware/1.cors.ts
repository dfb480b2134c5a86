import { defineHandler, handleCors } from 'nitro/h3'
import { ORIGIN } from '../../../target.ts'

export default defineHandler((event) => {
  const answered = handleCors(event, { origin: [ORIGIN] })
  if (answered !== false) return answered
  event.res.headers.set('x-frame-options', 'SAMEORIGIN')
  return undefined
})
