import { type DynamicModule, Module } from '@nestjs/common';
import { type Infrastructure, InfrastructureModule } from '#bus/infrastructure.module.js';
import { AuthModule } from '../../auth/src/auth.module.js';
import { DatasetsModule } from '../../datasets/src/datasets.module.js';
import { EventsModule } from '../../events/src/events.module.js';
import { GatewayModule } from '../../gateway/src/gateway.module.js';
import { PilotsModule } from '../../pilots/src/pilots.module.js';
import { TasksModule } from '../../tasks/src/tasks.module.js';

/** All of Cairn in one process. The only place where the applications meet. */
@Module({ imports: [GatewayModule, DatasetsModule, TasksModule, PilotsModule, EventsModule, AuthModule] })
export class CairnModule {
  static register(infrastructure: Infrastructure): DynamicModule {
    return { module: CairnModule, imports: [InfrastructureModule.register(infrastructure)] };
  }
}
