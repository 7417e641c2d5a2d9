import { membersOf, objectText } from '#contracts/raw-json.js';

/** Legacy callers look for a counter in the answer of a claim (IceProd contract 7.6). */
export const withQueued = (task: string): string => objectText(membersOf(task).set('queued', '1'));
