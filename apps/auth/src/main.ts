import { runService } from '#bus/run-service.js';
import { AuthModule } from './auth.module.js';

await runService({ name: 'auth', module: AuthModule });
