import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { connectInProcess } from './connect-in-process.js';
import { InProcessBus } from './in-process-bus.js';
import { InProcessStrategy } from './in-process.strategy.js';
import { busContract, SuiteController } from './testing/bus-contract.js';
import { memoryLog, SuiteModule } from './testing/serve-module.js';

busContract('in one process', async () => {
  const { log, logged } = memoryLog();
  const strategy = new InProcessStrategy();
  const app = await NestFactory.create(SuiteModule, new FastifyAdapter(), { logger: false, abortOnError: false });
  connectInProcess(app, strategy, log);
  await app.startAllMicroservices();
  await app.init();
  return {
    bus: new InProcessBus(strategy),
    logged,
    close: () => {
      SuiteController.release();
      return app.close();
    },
  };
});
