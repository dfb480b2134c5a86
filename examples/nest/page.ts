// #region program
import 'reflect-metadata'
import { setInterval } from 'node:timers/promises'
import { createMemoryBroker } from '@heartline/broker'
import { createHub } from '@heartline/hub'
import { HeartlineModule, Stream, Subscribe, type NestHandler } from '@heartline/nest'
import { Controller, Module, Param, Post } from '@nestjs/common'
import { HttpAdapterHost, NestFactory } from '@nestjs/core'

const hub = await createHub({ broker: createMemoryBroker() })

@Controller()
class NewsController {
  // What is published, to whoever asks for /events?topic=news
  @Subscribe(() => hub, 'events')
  events(): void {}

  @Post('news/:text')
  publish(@Param('text') text: string): Promise<unknown> {
    return hub.publish([{ topic: 'news', data: text }])
  }

  // A stream of one handler.
  @Stream('clock')
  clock(): NestHandler {
    return async (session, signal) => {
      for await (const _ of setInterval(1_000, undefined, { signal })) {
        session.send({ type: 'tick', data: new Date().toISOString() })
      }
    }
  }
}

@Module({
  imports: [HeartlineModule.forRoot({ host: HttpAdapterHost })],
  controllers: [NewsController],
})
class ApplicationModule {}

const app = await NestFactory.create(ApplicationModule)
app.enableShutdownHooks()
await app.listen(3000)
// #endregion
