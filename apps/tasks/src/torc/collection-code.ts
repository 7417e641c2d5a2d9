import { COLLECTION_ORDER } from '#contracts/torc/edges.js';
import type { DeletedFrom } from './view.js';

/** Workflows themselves, in the table of what was deleted. */
const WORKFLOWS = COLLECTION_ORDER.length;

const CODES: ReadonlyMap<string, number> = new Map<DeletedFrom, number>([
  ...COLLECTION_ORDER.map((name, at) => [name, at] as const),
  ['workflows', WORKFLOWS],
]);

/** The integer that the tables have for the name of a collection or edge. */
export const codeOf = (name: DeletedFrom): number => CODES.get(name) ?? -1;
