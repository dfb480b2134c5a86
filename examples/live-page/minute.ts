type Mark = 'event' | 'gap'

const SPAN_MS = 60_000

/** Draws the last minute: a line for each event, a red one for each gap, a band while not open. */
export class Minute {
  readonly #canvas: HTMLCanvasElement
  #marks: { readonly kind: Mark; readonly at: number }[] = []
  #away: { readonly from: number; to: number }[] = []
  #wasOpen = true

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas
  }

  add(kind: Mark): void {
    this.#marks.push({ kind, at: Date.now() })
  }

  draw(isOpen: boolean): void {
    const now = Date.now()
    this.#note(isOpen, now)
    const { width, height, draw, toX } = this.#begin(now)
    draw.globalAlpha = 0.3
    draw.fillStyle = colourOf('away')
    for (const { from, to } of this.#away) {
      draw.fillRect(toX(from), 0, Math.max(toX(to) - toX(from), 2), height)
    }
    for (const { kind, at } of this.#marks) {
      const isGap = kind === 'gap'
      draw.globalAlpha = isGap ? 1 : 0.5
      draw.fillStyle = colourOf(kind)
      draw.fillRect(toX(at), isGap ? 0 : height * 0.35, isGap ? 3 : 1.5, height)
    }
    draw.globalAlpha = 1
    draw.fillStyle = colourOf('line')
    draw.fillRect(0, height - 1, width, 1)
  }

  #note(isOpen: boolean, now: number): void {
    this.#marks = this.#marks.filter(({ at }) => now - at < SPAN_MS)
    this.#away = this.#away.filter(({ to }) => now - to < SPAN_MS)
    const last = this.#away.at(-1)
    if (!isOpen && (this.#wasOpen || last === undefined)) this.#away.push({ from: now, to: now })
    else if (!isOpen && last !== undefined) last.to = now
    this.#wasOpen = isOpen
  }

  #begin(now: number): {
    width: number
    height: number
    draw: CanvasRenderingContext2D
    toX: (at: number) => number
  } {
    const canvas = this.#canvas
    const { clientWidth: width, clientHeight: height } = canvas
    canvas.width = width * devicePixelRatio
    canvas.height = height * devicePixelRatio
    const draw = canvas.getContext('2d') as CanvasRenderingContext2D
    draw.scale(devicePixelRatio, devicePixelRatio)
    return { width, height, draw, toX: (at) => width - ((now - at) / SPAN_MS) * width }
  }
}

/** As the legend shows it, in the light and in the dark. */
function colourOf(kind: Mark | 'away' | 'line'): string {
  const sample = document.querySelector(kind === 'line' ? 'section' : `.key .${kind}`) as Element
  const { backgroundColor, borderColor } = getComputedStyle(sample)
  return kind === 'line' ? borderColor : backgroundColor
}
