import { runService } from '#bus/run-service.js';
import { DatasetsModule } from './datasets.module.js';

await runService({ name: 'datasets', module: DatasetsModule });
