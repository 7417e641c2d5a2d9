import { runService } from '#bus/run-service.js';
import { EventsModule } from './events.module.js';

await runService({ name: 'events', module: EventsModule });
