import 'reflect-metadata'
import { createMemoryBroker } from '@heartline/broker'
import { createHub } from '@heartline/hub'
import { HeartlineModule, Subscribe } from '@heartline/nest'
import * as nest from '@nestjs/common'
import { HttpAdapterHost, NestFactory } from '@nestjs/core'

const hub = await createHub({ broker: createMemoryBroker() })
const users = new Map([
  ['Bearer ann-secret', 'ann'],
  ['Bearer bob-secret', 'bob'],
])

interface UserRequest {
  readonly headers: { readonly authorization?: string }
  user?: string | undefined
}

class UserGuard implements nest.CanActivate {
  canActivate(context: nest.ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<UserRequest>()
    request.user = users.get(request.headers.authorization ?? '')
    if (request.user === undefined) throw new nest.UnauthorizedException('Who are you?')
    return true
  }
}

@nest.Controller()
@nest.UseGuards(UserGuard)
class NoteController {
  @Subscribe(() => hub, 'events')
  events(@nest.Req() request: UserRequest): { selectors: string[] } {
    return { selectors: [`notes/${request.user}`] }
  }

  @nest.Post('notes/:user')
  publish(
    @nest.Param('user') to: string,
    @nest.Req() { user }: UserRequest,
    @nest.Body('text') text: string,
  ): Promise<unknown> {
    const data = { from: user, text: String(text) }
    return hub.publish([{ topic: `notes/${to}`, type: 'note', data }])
  }
}

class HubCloser implements nest.OnApplicationShutdown {
  onApplicationShutdown(): Promise<void> {
    return hub.close()
  }
}

@nest.Module({
  imports: [HeartlineModule.forRoot({ host: HttpAdapterHost })],
  controllers: [NoteController],
  providers: [HubCloser],
})
class ApplicationModule {}

const app = await NestFactory.create(ApplicationModule, { logger: false })
// SIGTERM closes the application, and the module tells the readers when to come back.
app.enableShutdownHooks([], { useProcessExit: true })
await app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1')
console.log('listening on', await app.getUrl())
