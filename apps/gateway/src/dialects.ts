import { cairn } from './cairn/cairn.dialect.js';
import { DialectTable } from './edge/dialect-table.js';
import { iceprod } from './iceprod/iceprod.dialect.js';
import { panda } from './panda/panda.dialect.js';
import { torc } from './torc/torc.dialect.js';

/** The APIs that the gateway speaks, in the order of the documentation. A new one is its folder and a line here. */
export const DIALECTS = new DialectTable([iceprod, torc, panda, cairn]);
