import { find } from './dom.ts'

/** Draws the rate of the last minute. */
export class Sparkline {
  readonly #canvas = find('#sparkline', HTMLCanvasElement)

  draw(values: readonly number[]): void {
    const canvas = this.#canvas
    const scale = window.devicePixelRatio
    const width = canvas.clientWidth
    const height = canvas.clientHeight
    if (width === 0 || values.length < 2) return
    canvas.width = Math.round(width * scale)
    canvas.height = Math.round(height * scale)
    const context = canvas.getContext('2d')
    if (context === null) return
    context.scale(scale, scale)
    const top = Math.max(...values, 1)
    const line = new Path2D()
    for (const [index, value] of values.entries()) {
      const x = (index / (values.length - 1)) * width
      line.lineTo(x, height - 2 - (value / top) * (height - 4))
    }
    paint(context, line, { width, height, colour: getComputedStyle(canvas).color })
  }
}

function paint(
  context: CanvasRenderingContext2D,
  line: Path2D,
  area: { readonly width: number; readonly height: number; readonly colour: string },
): void {
  const filled = new Path2D(line)
  filled.lineTo(area.width, area.height)
  filled.lineTo(0, area.height)
  context.fillStyle = area.colour
  context.globalAlpha = 0.14
  context.fill(filled)
  context.globalAlpha = 1
  context.strokeStyle = area.colour
  context.lineWidth = 1.5
  context.lineJoin = 'round'
  context.stroke(line)
}
