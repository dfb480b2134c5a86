import { expect } from 'vitest'
import type { Rules } from '../kit/rule.ts'
import { stream } from '../kit/site.ts'

/** HTML 9.2.5 and 9.2.6: reading the stream. */
export const parsingRules: Rules = (_, rule) => {
  const cases: [string, string, string | Uint8Array, unknown[]][] = [
    [
      'HL-ES-50',
      'replaces what is no UTF-8',
      Uint8Array.of(100, 97, 116, 97, 58, 255, 226, 130, 10, 10),
      ['\uFFFD\uFFFD'],
    ],
    ['HL-ES-50', 'reads characters of every length', 'data: é…😀\n\n', ['é…😀']],
    ['HL-ES-51', 'takes one byte order mark away', '\uFEFFdata: a\n\n', ['a']],
    ['HL-ES-51', 'but no second one', '\uFEFF\uFEFFdata: a\n\ndata: b\n\n', ['b']],
    ['HL-ES-51', 'and none inside', 'data: a\n\n\uFEFFdata: b\n\ndata: c\n\n', ['a', 'c']],
    ['HL-ES-52', 'takes LF for a line end', 'data: 1\ndata: 2\n\n', ['1\n2']],
    ['HL-ES-52', 'takes CR for a line end', 'data: 1\rdata: 2\r\r', ['1\n2']],
    ['HL-ES-52', 'takes CRLF for one line end', 'data: 1\r\ndata: 2\r\n\r\n', ['1\n2']],
    [
      'HL-ES-52',
      'takes them mixed',
      'data: 1\rdata: 2\r\n\ndata: 3\n\rdata: 4\r\r\ndata: 5\n\r\n',
      ['1\n2', '3', '4', '5'],
    ],
    [
      'HL-ES-52',
      'takes nothing else for a line end',
      'data: a\u2028b\u0085c\vd\fe\n\n',
      ['a\u2028b\u0085c\vd\fe'],
    ],
    ['HL-ES-54', 'ignores comments', ': x\n:\n:data: y\ndata: a\n: z\ndata: b\n:\n\n', ['a\nb']],
    ['HL-ES-54', 'ignores long comments', `:${'x'.repeat(20_000)}\ndata: a\n\n`, ['a']],
    [
      'HL-ES-55',
      'takes one space after the colon away',
      'data:a\n\ndata: a\n\ndata:  a\n\n',
      ['a', 'a', ' a'],
    ],
    ['HL-ES-55', 'takes away no tab, and no space at the end', 'data:\ta \n\n', ['\ta ']],
    ['HL-ES-55', 'splits at the first colon', 'data: a: b\ndata::c\n\n', ['a: b\n:c']],
    ['HL-ES-56', 'takes a line without a colon for a name', 'data\n\ndata\ndata\n\n', ['', '\n']],
    ['HL-ES-57', 'ignores unknown names', 'foo: x\ndatax: x\ndat: x\ndata: a\nx\n\n', ['a']],
    [
      'HL-ES-57',
      'reads names as they are',
      'Data: x\n data: x\ndata : x\nDATA: x\ndata: a\n\n',
      ['a'],
    ],
    ['HL-ES-57', 'ignores a name with NUL', 'da\0ta: x\n\0data: x\ndata: a\n\n', ['a']],
    ['HL-ES-58', 'joins lines of data', 'data: a\ndata\ndata:b\n\n', ['a\n\nb']],
    ['HL-ES-58', 'dispatches empty data', 'data:\n\ndata: \n\n', ['', '']],
    ['HL-ES-58', 'keeps NUL in data', 'data: a\0b\n\n', ['a\0b']],
    [
      'HL-ES-60',
      'dispatches nothing for a block without data',
      'event: message\nid: 1\n\n\n\ndata: a\n\n',
      ['a'],
    ],
  ]
  for (const [id, title, text, expected] of cases) {
    rule(id, title, async (trial) => {
      expect(await trial.readData(text)).toEqual(expected)
    })
  }

  rule('HL-ES-53', 'may be cut anywhere', async (trial) => {
    const bytes = Buffer.from(
      '\uFEFFid: 1\r\nevent: ä\r\ndata: é…😀\r\ndata: b\r\n\r\ndata: c\r\n\r\n',
    )
    const { url } = await trial.serve(async (request, response) => {
      request.socket.setNoDelay(true)
      stream(response)
      for (const byte of bytes) {
        response.write(Buffer.of(byte))
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    })
    const entries = await trial.watch(url, { types: ['ä'], count: 3 })
    const [, first, second] = entries
    expect([first?.type, first?.data, first?.lastEventId]).toEqual(['ä', 'é…😀\nb', '1'])
    expect([second?.type, second?.data]).toEqual(['message', 'c'])
  })

  rule('HL-ES-59', 'names events, and forgets the name after each block', async (trial) => {
    const text = [
      'event: a\ndata: 1',
      'data: 2',
      'event: a',
      'data: 3',
      'event:\ndata: 4',
      'event: a\nevent\ndata: 5',
      'event: b\nevent: a\ndata: 6',
      'data: 7\nevent: a',
      'event:  a\ndata: 8',
      'event: A\ndata: 9',
    ]
    const seen = await trial.read(`${text.join('\n\n')}\n\n`, ['a', ' a', 'A', 'b', ''])
    expect(seen.map(({ type, data }) => `${type}:${String(data)}`)).toEqual([
      'a:1',
      'message:2',
      'message:3',
      'message:4',
      'message:5',
      'a:6',
      'a:7',
      ' a:8',
      'A:9',
    ])
  })

  rule('HL-ES-61', 'drops a block that nothing ends', async (trial) => {
    const first = await trial.visits(
      ['retry: 1\ndata: a\n\ndata: b\n', 'data: c\n\nevent: x\ndata: d'],
      {
        types: ['x'],
      },
    )
    expect(first.messages.map(({ data }) => data)).toEqual(['a', 'c'])
  })

  rule('HL-ES-61', 'ends the last block with an empty line, however it ends', async (trial) => {
    const texts = ['retry: 1\ndata: a\r\r', 'data: b\r\n\r\n', 'data: c\n\r', 'data: d\n\n']
    const { messages } = await trial.visits(texts)
    expect(messages.map(({ data }) => data)).toEqual(['a', 'b', 'c', 'd'])
  })

  rule('HL-ES-62', 'takes fields in any order, and the last id of a block', async (trial) => {
    const text =
      'data: a\nid: 1\n\nid: 2\nid: 3\ndata: b\n\nid: 4\n\ndata: c\n\nid\ndata: d\n\nid: 5\nid: x\0\ndata: e\n\n'
    const seen = await trial.read(text)
    expect(seen.map(({ data, lastEventId }) => `${String(data)}${lastEventId}`)).toEqual([
      'a1',
      'b3',
      'c4',
      'd',
      'e5',
    ])
  })

  rule('HL-ES-63', 'reads much at once', async (trial) => {
    const many = Array.from({ length: 2000 }, (_each, n) => `data: ${n}\n\n`).join('')
    const seen = await trial.readData(`${many}data: ${'x'.repeat(1_000_000)}\n\n`)
    expect(seen.length).toBe(2001)
    expect(seen[1999]).toBe('1999')
    expect(String(seen[2000]).length).toBe(1_000_000)
  })
}
