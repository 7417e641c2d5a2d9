import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AuthModule } from '../../../auth/src/auth.module.js';
import { DatasetsModule } from '../../../datasets/src/datasets.module.js';
import { EventsModule } from '../../../events/src/events.module.js';
import { PilotsModule } from '../../../pilots/src/pilots.module.js';
import { TasksModule } from '../../../tasks/src/tasks.module.js';
import { type PastOptions, startPast } from './start-past.js';

/** {@link startPast} with all services. */
export const startWholePast = (options: Omit<PastOptions, 'services'>): Promise<NestFastifyApplication> =>
  startPast({ ...options, services: [DatasetsModule, TasksModule, PilotsModule, EventsModule, AuthModule] });
