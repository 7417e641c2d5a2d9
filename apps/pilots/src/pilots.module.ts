import { Module } from '@nestjs/common';
import { ServiceStoreModule } from '#projection/service-store.module.js';
import { gridProjection } from './grid/grid-projection.js';
import { GridController } from './grid/grid.controller.js';
import { pilotProjection } from './pilot/pilot-projection.js';
import { PilotWatch } from './pilot/pilot-watch.js';
import { PilotController } from './pilot/pilot.controller.js';
import { Releases } from './pilot/releases.js';

/** Workers and sites: IceProd's pilots and grids. */
@Module({
  imports: [ServiceStoreModule.register({ service: 'pilots', projections: [gridProjection, pilotProjection] })],
  controllers: [GridController, PilotController],
  providers: [Releases, PilotWatch],
  exports: [PilotWatch],
})
export class PilotsModule {}
