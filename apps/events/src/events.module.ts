import { Module } from '@nestjs/common';
import { ServiceStoreModule } from '#event-sourcing/service-store.module.js';
import { HistoryController } from './history/history.controller.js';
import { unitEventsProjection } from './history/unit-events-projection.js';
import { UnitHistory } from './history/unit-history.js';

/** Small, because most of the index is written once and seldom read. */
const CACHE_KIB = 8 * 1024;

/** The history: what happened to a unit, when, and who did it. */
@Module({
  imports: [
    ServiceStoreModule.register({ service: 'events', projections: [unitEventsProjection], cacheKib: CACHE_KIB }),
  ],
  controllers: [HistoryController],
  providers: [UnitHistory],
})
export class EventsModule {}
