import { expect, it } from 'vitest'
import { fillPage, type Report } from '../run/markdown.ts'
import type { ScenarioResult } from '../run/scenario.ts'

const MACHINE = {
  processor: 'Abacus',
  cores: 2,
  memoryGiB: 4,
  system: 'Debian',
  node: '20.19.0',
  loadAverage: 0.3,
}

const RESULT: ScenarioResult = {
  scenario: 'one',
  about: 'fast',
  settings: { rounds: 8, readers: 1_000, forMs: 1, warmUpMs: 0 },
  targets: [
    { name: 'hub', title: 'Heartline', version: '1' },
    { name: 'c', title: 'C | epoll', version: '2' },
  ],
  leftOut: [{ name: 'go', title: 'Go', reason: 'not here\nat all' }],
  figures: [{ name: 'rate', title: 'per second', digits: 1, isCompared: true }],
  rows: [
    { target: 'hub', figures: { rate: 12_345.67 }, hubOverIt: {}, faults: 0 },
    { target: 'c', figures: { rate: 24_691.34 }, hubOverIt: { rate: 0.5 }, faults: 3 },
  ],
}

const REPORT: Report = { machine: MACHINE, results: [RESULT] }

it('fills the marked places and leaves the text between them', () => {
  const page = 'A\n<!-- figures: one -->\nold | table\n<!-- end -->\nB\n'
  const filled = fillPage(page, REPORT)
  expect(filled).toBe(`A
<!-- figures: one -->

Medians of 8 rounds, 1,000 readers of each server.

|  | per second | hub ÷ it: per second | faults |
| --- | ---: | ---: | ---: |
| hub | 12,345.7 | – | 0 |
| c | 24,691.3 | 0.50 | 3 |

<!-- end -->
B
`)
  expect(fillPage(filled, REPORT)).toBe(filled)
})

it('names every server with its version, and those that were left out with the reason', () => {
  const filled = fillPage('<!-- figures: servers -->\n<!-- end -->', REPORT)
  expect(filled).toContain(String.raw`| c | C \| epoll | 2 |`)
  expect(filled).toContain('| go | Go | left out: not here |')
})

it('says what was not measured', () => {
  expect(fillPage('<!-- figures: idle -->\n<!-- end -->', REPORT)).toContain('Not measured yet.')
  expect(fillPage('<!-- figures: machine -->\n<!-- end -->', REPORT)).toContain('2-core machine')
})

it('says when the machine was not quiet', () => {
  const page = '<!-- figures: machine -->\n<!-- end -->'
  expect(fillPage(page, REPORT)).not.toContain('load average')
  const busy = { ...REPORT, machine: { ...MACHINE, loadAverage: 12.5 } }
  expect(fillPage(page, busy)).toContain('load average 12.5')
})
