import { Module } from '@nestjs/common';
import { AuthModule } from '../../auth/src/auth.module.js';
import { DatasetsModule } from '../../datasets/src/datasets.module.js';
import { EventsModule } from '../../events/src/events.module.js';
import { PilotsModule } from '../../pilots/src/pilots.module.js';
import { TasksModule } from '../../tasks/src/tasks.module.js';

/** All services of Cairn in one process. */
@Module({ imports: [DatasetsModule, TasksModule, PilotsModule, EventsModule, AuthModule] })
export class ServicesModule {}
