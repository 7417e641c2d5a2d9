import type { DynamicModule, INestMicroservice, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Log, NestLog } from '#platform/logging.js';
import type { MessageServer } from './message.server.js';
import { MessageExceptionFilter } from './message-exception.filter.js';

/** An application whose handlers are asked through a transport: one service, or several. It does not listen yet. */
export const createService = async (
  module: Type | DynamicModule,
  strategy: MessageServer,
  log: Log,
): Promise<INestMicroservice> => {
  const app = await NestFactory.createMicroservice(module, {
    strategy,
    logger: new NestLog(log),
    abortOnError: false,
  });
  app.useGlobalFilters(new MessageExceptionFilter(log));
  return app;
};
