import type { Dialect } from '#ledger/ref.js';
import { cairn } from './cairn/cairn.dialect.js';
import type { EventsDialect } from './dialect.js';
import { iceprod } from './iceprod/iceprod.dialect.js';
import { panda } from './panda/panda.dialect.js';
import { torc } from './torc/torc.dialect.js';

/** The dialects whose events are told, and what belongs to none of them. */
export const DIALECTS: readonly EventsDialect[] = [iceprod, panda, torc, cairn];

const byName = new Map<Dialect, EventsDialect>(DIALECTS.map((dialect) => [dialect.name, dialect]));

/** What a dialect declares; undefined where the name of a stream is nobody's. */
export const dialectNamed = (name: Dialect): EventsDialect | undefined => byName.get(name);
