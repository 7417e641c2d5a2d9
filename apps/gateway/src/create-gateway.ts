import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Infrastructure, InfrastructureModule } from '#bus/infrastructure.module.js';
import { NestLog } from '#platform/logging.js';
import { DIALECTS } from './dialects.js';
import { createHttpAdapter } from './edge/http-adapter.js';
import { GatewayModule } from './gateway.module.js';
import { prepareGateway } from './prepare-gateway.js';

/**
 * The gateway as an application of its own, that does not listen yet. It reaches the services over the bus.
 *
 * @param isEmbedded whether all of Cairn runs in this process
 */
export const createGateway = async (
  infrastructure: Infrastructure,
  isEmbedded: boolean,
): Promise<NestFastifyApplication> => {
  const { environment, log } = infrastructure;
  const app = await NestFactory.create<NestFastifyApplication>(
    { module: GatewayModule, imports: [InfrastructureModule.register(infrastructure)] },
    createHttpAdapter(environment, DIALECTS),
    { logger: new NestLog(log), abortOnError: false },
  );
  prepareGateway(app, { isEmbedded });
  return app;
};
