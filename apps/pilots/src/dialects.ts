import type { ServiceDialect } from '#event-sourcing/service-dialect.js';
import { iceprod } from './iceprod/iceprod.dialect.js';
import { panda } from './panda/panda.dialect.js';

/** The dialects that this service serves. A new one is its folder and a line here. */
export const DIALECTS: readonly ServiceDialect[] = [iceprod, panda];
