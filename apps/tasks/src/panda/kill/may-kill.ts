import type { Principal } from '#contracts/panda/principal.js';
import { isOfUser } from '../labels.js';
import type { Job } from '../view.js';

type Facts = { readonly attributes: Pick<Job['attributes'], 'prodUserName' | 'prodSourceLabel' | 'workingGroup'> };

/** Codes with which production kills jobs of users. */
const CODES_FOR_USERS: ReadonlySet<number | null> = new Set([2, 4, 7, 8, 9, 10, 50, 51, 52, 91, 99]);

/** Whether somebody may kill a job (PanDA contract 4.2.8, D32). */
export const mayKill = (principal: Principal, { attributes }: Facts, code: number | null): boolean => {
  const { prodUserName, prodSourceLabel: label, workingGroup } = attributes;
  if (prodUserName === principal.name) return true;
  if (principal.isProduction) return !isOfUser(label) || CODES_FOR_USERS.has(code);
  const isOfGroup = workingGroup !== null && principal.workingGroups.includes(workingGroup);
  return isOfGroup && (label === 'managed' || label === 'test');
};
