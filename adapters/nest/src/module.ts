import { closeStreams } from '@heartline/session'
import type { BeforeApplicationShutdown, DynamicModule, OnModuleDestroy } from '@nestjs/common'

/** The part of `HttpAdapterHost` of `@nestjs/core` that is used here. */
interface AdapterHost {
  readonly httpAdapter?: { getHttpServer(): object } | undefined
}

/** Ends the streams before Nest waits for its connections. */
class StreamCloser implements OnModuleDestroy, BeforeApplicationShutdown {
  readonly #host: AdapterHost

  constructor(host: AdapterHost) {
    this.#host = host
  }

  onModuleDestroy(): void {
    this.#close()
  }

  beforeApplicationShutdown(): void {
    this.#close()
  }

  #close(): void {
    const server = this.#host.httpAdapter?.getHttpServer()
    if (server !== undefined) closeStreams(server)
  }
}

/**
 * `imports: [HeartlineModule.forRoot({ host: HttpAdapterHost })]` ends all streams when the
 * application closes, before anything they use is gone. Without it they end with the server.
 */
export class HeartlineModule {
  /** @param options.host The class `HttpAdapterHost` of `@nestjs/core` */
  static forRoot({
    host,
  }: {
    readonly host: abstract new (...args: never[]) => AdapterHost
  }): DynamicModule {
    const closer = {
      provide: StreamCloser,
      useFactory: (found: AdapterHost) => new StreamCloser(found),
      inject: [host as never],
    }
    return { module: HeartlineModule, providers: [closer] }
  }
}
