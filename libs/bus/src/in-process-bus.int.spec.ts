import { InProcessBus } from './in-process-bus.js';
import { InProcessStrategy } from './in-process.strategy.js';
import { busContract, SuiteController } from './testing/bus-contract.js';
import { memoryLog, serveSuite } from './testing/suite-service.js';

busContract('in one process', async () => {
  const { log, logged } = memoryLog();
  const strategy = new InProcessStrategy();
  const service = await serveSuite(strategy, log);
  return {
    bus: new InProcessBus(strategy),
    logged,
    close: () => {
      SuiteController.release();
      return service.close();
    },
  };
});
