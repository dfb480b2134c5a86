import type { Config } from '../config/config.ts'
import { Cors } from './cors.ts'
import { guardDevelopment } from './development-guard.ts'
import type { RequestView } from './request-view.ts'

/** What every request passes before its route. */
export class Entrance {
  readonly cors: Cors
  readonly #isDevelopment: boolean

  constructor(cors: Config['cors'], isDevelopment: boolean) {
    this.cors = new Cors(cors, isDevelopment)
    this.#isDevelopment = isDevelopment
  }

  /** Headers of every answer to a request with this `Origin`. */
  headersFor(origin: string | undefined): Record<string, string> {
    const headers = this.cors.headersFor(origin)
    return this.#isDevelopment ? { 'Heartline-Mode': 'development', ...headers } : headers
  }

  /** Throws `HL_HOST_REFUSED`, `HL_ORIGIN_REFUSED`. */
  guard(request: RequestView): void {
    if (this.#isDevelopment) guardDevelopment(request, this.cors)
  }
}
