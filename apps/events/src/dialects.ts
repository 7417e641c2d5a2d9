import { cairn } from './cairn/cairn.dialect.js';
import type { EventsDialect } from './dialect.js';
import { iceprod } from './iceprod/iceprod.dialect.js';
import { panda } from './panda/panda.dialect.js';
import { torc } from './torc/torc.dialect.js';

/** The dialects whose events are told, and what belongs to none of them. */
export const DIALECTS: readonly EventsDialect[] = [iceprod, panda, torc, cairn];
