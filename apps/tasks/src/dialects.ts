import type { TasksDialect } from './dialect.js';
import { iceprod } from './iceprod/iceprod.dialect.js';

/** The dialects whose units this service holds. */
export const DIALECTS: readonly TasksDialect[] = [iceprod];
