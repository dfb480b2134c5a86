import { route } from '@react-router/dev/routes'

const routes = [
  route('/events', './routes/events.ts'),
  route('/notes/:user', './routes/notes.ts'),
  route('/sessions', './routes/sessions.js'),
]

export { routes as default }
