import { runService } from '#bus/run-service.js';
import { TasksModule } from './tasks.module.js';

await runService({ name: 'tasks', module: TasksModule });
