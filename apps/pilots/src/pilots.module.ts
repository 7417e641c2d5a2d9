import { Module } from '@nestjs/common';
import { ServiceStoreModule } from '#event-sourcing/service-store.module.js';
import { gridProjection } from './iceprod/grid/grid-projection.js';
import { GridController } from './iceprod/grid/grid.controller.js';
import { pilotProjection } from './iceprod/pilot/pilot-projection.js';
import { PilotWatch } from './iceprod/pilot/pilot-watch.js';
import { PilotController } from './iceprod/pilot/pilot.controller.js';
import { Releases } from './iceprod/pilot/releases.js';

/** Workers and sites: IceProd's pilots and grids. */
@Module({
  imports: [ServiceStoreModule.register({ service: 'pilots', projections: [gridProjection, pilotProjection] })],
  controllers: [GridController, PilotController],
  providers: [Releases, PilotWatch],
  exports: [PilotWatch],
})
export class PilotsModule {}
