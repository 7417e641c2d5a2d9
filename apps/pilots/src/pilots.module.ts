import { Module } from '@nestjs/common';
import { ServiceStoreModule } from '#event-sourcing/service-store.module.js';
import type { ServiceStore } from '#event-sourcing/service-store.js';
import { DIALECTS } from './dialects.js';
import { Heartbeats } from './heartbeat/heartbeats.js';
import { WorkerFinders } from './worker/worker-finders.js';
import { WorkerController } from './worker/worker.controller.js';

/** What the service keeps. */
export const pilotsStore: ServiceStore = {
  service: 'pilots',
  projections: DIALECTS.flatMap(({ projections }) => projections),
};

/** Workers and sites, in the words of each dialect. */
@Module({
  imports: [ServiceStoreModule.register(pilotsStore)],
  controllers: [WorkerController, ...DIALECTS.flatMap(({ controllers }) => controllers)],
  providers: [Heartbeats, WorkerFinders, ...DIALECTS.flatMap(({ providers }) => providers)],
})
export class PilotsModule {}
