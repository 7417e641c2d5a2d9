import type { INestApplication } from '@nestjs/common';
import type { Log } from '#platform/logging.js';
import type { InProcessStrategy } from './in-process.strategy.js';
import { MessageExceptionFilter } from './message-exception.filter.js';

/**
 * Makes the message handlers of an HTTP application's modules callable through an {@link InProcessBus}. Call it before other
 * global filters are added: handlers get those that exist at this moment, and a filter that is added later, for HTTP, is
 * asked before this one.
 */
export const connectInProcess = (app: INestApplication, strategy: InProcessStrategy, log: Log): void => {
  app.useGlobalFilters(new MessageExceptionFilter(log));
  app.connectMicroservice({ strategy }, { inheritAppConfig: true });
};
