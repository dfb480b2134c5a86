import { defineHandler, HTTPError } from 'nitro/h3'

export default defineHandler(({ req, url }) => {
  if (url.pathname !== '/events' || req.headers.get('authorization') === 'yes') return
  throw new HTTPError({ status: 401 })
})
