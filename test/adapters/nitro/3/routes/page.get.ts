import { defineHandler } from 'nitro/h3'
import { PAGE } from '../../../target.ts'

export default defineHandler(() => PAGE)
