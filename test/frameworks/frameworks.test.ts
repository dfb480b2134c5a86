import { describe, expect, it, onTestFinished } from 'vitest'
import { checkProgram } from '../../examples/kit/check-notes.ts'
import { sleep } from '../../packages/session/test/kit/reader.ts'
import { Application, FRAMEWORKS } from './application.ts'
import { installedOrSkipped } from './installed.ts'

const found = await Promise.all(
  FRAMEWORKS.map(async (framework) => ({
    ...framework,
    installed: await installedOrSkipped(framework.name),
  })),
)

describe.each(found)('$name, built and served by itself', ({ installed, ...framework }) => {
  it.skipIf(installed === undefined)(
    'holds no event back, notices who leaves, and ends with a farewell',
    async () => {
      const application = await Application.build(framework, installed!)
      onTestFinished(() => application.remove())
      const { program, url } = await application.serve()
      onTestFinished(() => program.kill())
      const headers = { authorization: 'Bearer ann-secret' }
      const sessions = async (): Promise<number> =>
        (await fetch(`${url}/sessions`, { headers })).json() as Promise<number>
      const controller = new AbortController()
      const { signal } = controller
      const response = await fetch(`${url}/events`, { headers, signal })
      const { value } = await response.body!.getReader().read()
      expect(new TextDecoder().decode(value)).toContain('retry:')
      expect(await sessions()).toBe(1)
      controller.abort()
      for (let i = 0; i < 100 && (await sessions()) > 0; i++) await sleep(50)
      expect(await sessions()).toBe(0)
      expect(await checkProgram(program, url, framework.exitCode)).toEqual([])
    },
    400_000,
  )
})
