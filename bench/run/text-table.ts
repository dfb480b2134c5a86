import type { FigureShape, ScenarioResult } from './scenario.ts'
import type { Row } from './samples.ts'

/** The head and the cells of a result's table: figures, then ratios, then faults. */
export function cellsOf(result: ScenarioResult): { head: string[]; rows: string[][] } {
  const compared = result.figures.filter(({ isCompared }) => isCompared === true)
  const head = [
    '',
    ...result.figures.map(({ title }) => title),
    ...compared.map(({ title }) => `hub ÷ it: ${title}`),
    'faults',
  ]
  return { head, rows: result.rows.map((row) => cellsOfRow(row, result.figures, compared)) }
}

/** A number with thousands set apart, or a dash. */
function shown(value: number | undefined, digits: number): string {
  if (value === undefined) return '–'
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
}

/** The table of a result for a terminal. */
export function textTable(result: ScenarioResult): string {
  const { head, rows } = cellsOf(result)
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: string[]): string =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return [head, ...rows].map(line).join('\n')
}

function cellsOfRow(
  row: Row,
  figures: readonly FigureShape[],
  compared: readonly FigureShape[],
): string[] {
  return [
    row.target,
    ...figures.map(({ name, digits }) => shown(row.figures[name], digits)),
    ...compared.map(({ name }) => shown(row.hubOverIt[name], 2)),
    shown(row.faults, 0),
  ]
}
