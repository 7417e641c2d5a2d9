import { jest } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { connectInProcess } from './connect-in-process.js';
import { InProcessBus } from './in-process-bus.js';
import { InProcessStrategy } from './in-process.strategy.js';
import { busContract, contextFor, Look, SuiteController } from './testing/bus-contract.js';
import { memoryLog, SuiteModule } from './testing/serve-module.js';
import { WaitForPosition } from './visibility.js';

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

it('keeps no timer for a question that has been answered', async () => {
  jest.useFakeTimers();
  const strategy = new InProcessStrategy();
  strategy.addHandler(WaitForPosition('auth').subject, () => Promise.resolve({ reply: {} }));
  strategy.addHandler(Look.subject, () => Promise.resolve({ reply: { seen: true } }));
  const context = contextFor(60_000, { shownTo: 3 });
  await expect(strategy.handle(Look.subject, { context, request: {} })).resolves.toEqual({ reply: { seen: true } });
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});
