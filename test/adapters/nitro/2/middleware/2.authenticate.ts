import { createError, defineEventHandler, getHeader } from 'h3-1'

export default defineEventHandler((event) => {
  if (!event.path.startsWith('/events') || getHeader(event, 'authorization') === 'yes') return
  throw createError({ statusCode: 401 })
})
