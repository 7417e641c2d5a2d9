import 'reflect-metadata';
import { Module, type Type } from '@nestjs/common';
import { createLog, type Log } from '#platform/logging.js';
import { createService } from '../create-service.js';
import type { MessageServer } from '../message.server.js';
import { AuthController, DatasetsController, SuiteController } from './bus-contract.js';

/** Handlers of the services of the suite that every transport passes. */
@Module({ controllers: [SuiteController] })
export class TasksModule {}

@Module({ controllers: [DatasetsController] })
export class DatasetsModule {}

@Module({ controllers: [AuthController] })
export class AuthModule {}

/** All of them in one process. */
@Module({ imports: [TasksModule, DatasetsModule, AuthModule] })
export class SuiteModule {}

/** A log whose lines a test can read. */
export const memoryLog = (): { readonly log: Log; readonly logged: () => string } => {
  const lines: string[] = [];
  const log = createLog({ LOG_LEVEL: 'info' }, 'tasks', { write: (line: string) => void lines.push(line) });
  return { log, logged: () => lines.join('') };
};

/** Starts a service behind a transport within the test's process, as `runService` does in its own. */
export const serveModule = async (
  module: Type,
  strategy: MessageServer,
  log: Log,
): Promise<{ close(): Promise<void> }> => {
  const app = await createService(module, strategy, log);
  await app.listen();
  return app;
};
