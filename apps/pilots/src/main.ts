import { runService } from '#bus/run-service.js';
import { PilotsModule } from './pilots.module.js';

await runService({ name: 'pilots', module: PilotsModule });
