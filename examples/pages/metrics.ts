// #region program
import { stream } from '@heartline/express'
import { StreamMetrics } from '@heartline/session'
import express from 'express'

const app = express()
const metrics = new StreamMetrics()
const monitor = metrics.monitor('express')

app.get(
  '/hello',
  stream((session) => void session.send({ data: 'hello' }), { monitor }),
)
app.get('/metrics', (_request, response) => {
  response.type('text/plain').send(metrics.expose())
})
app.listen(3000)
// #endregion
