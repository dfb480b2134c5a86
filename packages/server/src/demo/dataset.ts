import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { readPrices } from './prices.ts'
import { readQuakes } from './quakes.ts'
import type { Recording } from './recording.ts'

/** Reads the recordings from the installed package `vega-datasets`; nothing leaves the machine. */
export function readRecordings(): readonly Recording[] {
  return [readPrices(dataFile('stocks.csv')), readQuakes(dataFile('earthquakes.json'))]
}

function dataFile(name: string): string {
  const entry = createRequire(import.meta.url).resolve('vega-datasets')
  return readFileSync(join(dirname(dirname(entry)), 'data', name), 'utf8')
}
