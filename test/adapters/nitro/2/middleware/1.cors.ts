import { defineEventHandler, handleCors, setResponseHeader } from 'h3-1'
import { ORIGIN } from '../../../target.ts'

export default defineEventHandler((event) => {
  setResponseHeader(event, 'x-frame-options', 'SAMEORIGIN')
  handleCors(event, { origin: [ORIGIN] })
})
