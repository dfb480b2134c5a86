import { constants } from 'node:fs'
import { access, mkdir, readdir, stat } from 'node:fs/promises'
import { HeartlineError } from '@heartline/wire'
import { messageOf } from './engine.ts'
import { diskErrors } from './errors.ts'

/** Makes the folder of the store and checks that it can be one. Rejects with `HL_STORE_*`. */
export async function prepareDirectory(directory: string): Promise<void> {
  await makeDirectory(directory)
  try {
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw notWritable(directory, error)
  }
  const names = await readdir(directory)
  // Without CURRENT the engine takes a store for an empty folder and removes its files.
  const isStore = names.some((name) => /^(\d+\.(log|ldb|sst)|MANIFEST-\d+)$/.test(name))
  if (!isStore || names.includes('CURRENT')) return
  throw new HeartlineError(diskErrors.corrupt, { directory, reason: 'the file CURRENT is missing' })
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true })
  } catch (error) {
    if (await isOther(directory)) throw new HeartlineError(diskErrors.notDirectory, { directory })
    throw notWritable(directory, error)
  }
}

/** Whether something that is no folder is in the place of the folder or of one above it. */
async function isOther(directory: string): Promise<boolean> {
  try {
    return !(await stat(directory)).isDirectory()
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOTDIR'
  }
}

function notWritable(directory: string, error: unknown): HeartlineError {
  return new HeartlineError(diskErrors.notWritable, { directory, reason: messageOf(error) }, error)
}
