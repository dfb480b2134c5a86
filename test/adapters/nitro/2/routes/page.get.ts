import { defineEventHandler } from 'h3-1'
import { PAGE } from '../../../target.ts'

export default defineEventHandler(() => PAGE)
