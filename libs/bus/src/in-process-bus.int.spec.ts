import { InProcessBus } from './in-process-bus.js';
import { InProcessStrategy } from './in-process.strategy.js';
import { busContract, SuiteController } from './testing/bus-contract.js';
import { memoryLog, serveModule, SuiteModule } from './testing/serve-module.js';

busContract('in one process', async () => {
  const { log, logged } = memoryLog();
  const strategy = new InProcessStrategy();
  const service = await serveModule(SuiteModule, strategy, log);
  return {
    bus: new InProcessBus(strategy),
    logged,
    close: () => {
      SuiteController.release();
      return service.close();
    },
  };
});
