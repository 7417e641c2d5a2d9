import type { TasksDialect } from '../dialect.js';
import { torcPolicy } from './policy.js';
import { TORC } from './streams.js';

/** Torc: workflows with their documents, edges and jobs. */
export const torc: TasksDialect = {
  name: TORC,
  policy: torcPolicy,
  projections: [],
  controllers: [],
  providers: [],
};
