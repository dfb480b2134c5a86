/**
 * Writes the tables of docs/performance.md from bench/results.json, which
 * `npm run bench -- all --json bench/results.json` measures. The text between them is written by
 * hand and stays.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fillPage, type Report } from '../bench/run/markdown.ts'
import { publishPage } from './reference/page.ts'

const PAGE = 'docs/performance.md'
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

const report = JSON.parse(readFileSync(join(ROOT, 'bench/results.json'), 'utf8')) as Report
publishPage(PAGE, fillPage(readFileSync(join(ROOT, PAGE), 'utf8'), report))
