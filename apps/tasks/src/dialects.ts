import type { TasksDialect } from './dialect.js';
import { iceprod } from './iceprod/iceprod.dialect.js';
import { panda } from './panda/panda.dialect.js';
import { torc } from './torc/torc.dialect.js';

/** The dialects whose units this service holds. */
export const DIALECTS: readonly TasksDialect[] = [iceprod, panda, torc];
