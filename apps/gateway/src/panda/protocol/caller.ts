import type { Principal } from '#contracts/panda/principal.js';
import type { PandaCall } from './function.js';

/** The caller of a function whose guards let pass only those who are known. */
export const principalOf = ({ principal }: Pick<PandaCall, 'principal'>): Principal => {
  if (principal === undefined) throw new Error('nobody is known');
  return principal;
};
