import type { Principal } from '#contracts/panda/principal.js';
import type { PandaCall } from './function.js';

/** Who calls a function that guards let nobody pass to who is not known. */
export const callerOf = ({ principal }: Pick<PandaCall, 'principal'>): Principal => {
  if (principal === undefined) throw new Error('nobody is known');
  return principal;
};
