import { BUILT_IN_GROUPS } from '#contracts/iceprod/users.js';

const BUILT_IN_NAMES: ReadonlySet<string> = new Set(BUILT_IN_GROUPS.map(({ name }) => name));

/** Whether a group may be named in rules. */
export const isGroup = (name: string): boolean => BUILT_IN_NAMES.has(name);
