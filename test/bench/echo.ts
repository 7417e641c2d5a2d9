import 'reflect-metadata';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxy, ClientsModule, Transport } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { firstValueFrom } from 'rxjs';

/** The yardstick over NATS: an HTTP route of Nest that asks one Nest service of another process for an echo. */
@Controller()
class EchoController {
  constructor(@Inject('ECHO') private readonly client: ClientProxy) {}

  @Get('echo')
  echo(): Promise<unknown> {
    return firstValueFrom(this.client.send<unknown>('echo', { hello: 'world' }));
  }
}

const [servers = 'nats://127.0.0.1:4222'] = process.argv.slice(2);

@Module({
  imports: [ClientsModule.register([{ name: 'ECHO', transport: Transport.NATS, options: { servers: [servers] } }])],
  controllers: [EchoController],
})
class EchoModule {}

const app = await NestFactory.create<NestFastifyApplication>(EchoModule, new FastifyAdapter(), { logger: false });
await app.listen(0, '127.0.0.1');
process.stdout.write(`echo listens on ${await app.getUrl()}\n`);
