import { describeAdapters } from './conformance.ts'
import { nitros } from './nitro/build.ts'
import { nitroTarget } from './targets/nitro.ts'

const found = await nitros()
describeAdapters(await Promise.all(found.map(nitroTarget)))
