import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Payload, Transport, type MicroserviceOptions } from '@nestjs/microservices';

@Controller()
class EchoController {
  @MessagePattern('echo')
  echo(@Payload() message: unknown): unknown {
    return message;
  }
}

@Module({ controllers: [EchoController] })
class EchoModule {}

const [servers = 'nats://127.0.0.1:4222'] = process.argv.slice(2);
const app = await NestFactory.createMicroservice<MicroserviceOptions>(EchoModule, {
  transport: Transport.NATS,
  options: { servers: [servers] },
  logger: false,
});
await app.listen();
process.stdout.write('echo service is ready\n');
