import type { Broker, LogState, Position } from '@heartline/broker'
import {
  DEFAULT_LOG,
  decodeCursor,
  encodePosition,
  HeartlineError,
  isCursor,
  type Cursor,
} from '@heartline/wire'
import { hubErrors } from './errors.ts'
import type { Gap, GapReason } from './frame.ts'
import type { LogFollower } from './log-follower.ts'
import type { RecentWindow } from './recent-window.ts'

/** Asks for everything that is retained. */
export const EARLIEST = 'earliest'
const LATEST = 'latest'

/** Where a reader begins, and what it must be told first. */
export interface StartingPoint {
  readonly after: Position
  readonly gap: Gap | undefined
}

/**
 * What a reader asks to begin with: the `Last-Event-ID` header wins over `since`; undefined = now.
 * @throws HeartlineError `HL_CURSOR_INVALID`
 */
export function checkStart(
  lastEventId: string | undefined,
  since: string | undefined,
): string | undefined {
  if (lastEventId !== undefined && lastEventId !== '') return checkCursor(lastEventId)
  if (since === undefined || since === '' || since === LATEST) return undefined
  return since === EARLIEST ? since : checkCursor(since)
}

/** @throws HeartlineError `HL_CURSOR_INVALID` */
export function checkCursor(text: string): string {
  if (isCursor(text)) return text
  throw new HeartlineError(hubErrors.cursorInvalid, { reason: 'it has another form' })
}

/** What is in memory of the log. */
export interface RecentLog {
  readonly follower: LogFollower
  readonly window: RecentWindow
}

/**
 * The same for a cursor whose entry is in memory: without a question to the broker for each.
 * @param base The newest entry that was trimmed: memory may hold what is retained no more. Without it
 * only the newest entry of the log is found.
 */
export function findRecentStart(
  from: string,
  { follower, window }: RecentLog,
  base?: Position,
): StartingPoint | undefined {
  if (from === EARLIEST) return undefined
  const cursor = decodeCursor(from)
  const position = cursor.epoch === follower.epoch ? positionOf(cursor) : undefined
  if (position === undefined) return undefined
  const { ms, offset } = follower.position
  const isNewest = position.offset === offset && position.ms === ms
  const isRetained = base !== undefined && position.offset >= base.offset
  return isNewest || (isRetained && window.has(position))
    ? { after: position, gap: undefined }
    : undefined
}

/** Finds the place of a checked `from` (a cursor's text or `earliest`) in the log. */
export async function findStart(broker: Broker, from: string): Promise<StartingPoint> {
  const state = await broker.state()
  if (from === EARLIEST) return { after: state.base, gap: undefined }
  const cursor = decodeCursor(from)
  if (cursor.epoch !== state.epoch) return startAfter(state, from, state.base, 'epoch')
  const position = positionOf(cursor)
  if (position === undefined) return { after: state.base, gap: undefined }
  const located = await broker.locate(position)
  if (located.status === 'ok') return { after: located.resume, gap: undefined }
  return startAfter(state, from, located.resume, located.status)
}

function startAfter(
  state: LogState,
  from: string,
  after: Position,
  reason: GapReason,
): StartingPoint {
  return { after, gap: { from, to: encodePosition(state.epoch, after), reason } }
}

/** A cursor that names only other logs says nothing of this one: everything retained is new to it. */
function positionOf(cursor: Cursor): Position | undefined {
  return cursor.positions.get(DEFAULT_LOG)
}
