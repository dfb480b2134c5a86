import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import * as fetchHub from './fetch-hub.ts'
import * as fetchSession from './fetch-session.ts'
import { Prices } from './react-offline.tsx'
import { App } from './react.tsx'
import * as fetchStream from './fetch-stream.ts'
import * as graphqlFetch from './graphql-fetch.ts'

test.each([
  ['a hub', fetchHub.default.fetch],
  ['a session', fetchSession.GET],
  ['a handler', fetchStream.GET],
])('%s answers a Fetch request with a stream', async (_, answer) => {
  const { status, headers, body } = await answer(new Request('http://hub.example/?topic=a'))
  expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  await body?.cancel()
})

test('a schema is asked over Fetch', async () => {
  const url = 'http://api.example/graphql?query={__typename}'
  const headers = { accept: 'application/json' }
  const answer = await graphqlFetch.default.fetch(new Request(url, { headers }))
  expect(await answer.json()).toEqual({ data: { __typename: 'Query' } })
})

test('the components are rendered on a server', () => {
  expect(renderToString(createElement(App))).toBe('<p>idle<!-- -->: </p>')
  expect(renderToString(createElement(Prices))).toBe('<p></p>')
})
