import type { ServiceDialect } from '#event-sourcing/service-dialect.js';
import { gridProjection } from './grid/grid-projection.js';
import { GridController } from './grid/grid.controller.js';
import { pilotProjection } from './pilot/pilot-projection.js';
import { PilotFinder } from './pilot/pilot-finder.js';
import { PilotWatchdog } from './pilot/pilot-watchdog.js';
import { PilotController } from './pilot/pilot.controller.js';
import { TaskRelease } from './pilot/task-release.js';

/** IceProd's pilots and grids. */
export const iceprod: ServiceDialect = {
  name: 'iceprod',
  projections: [gridProjection, pilotProjection],
  controllers: [GridController, PilotController],
  providers: [PilotFinder, TaskRelease, PilotWatchdog],
};
