import { elementsOf, kindOf, membersOf, objectText } from '../raw-json.js';
import { numberOf } from './requirement-number.js';

const replaced = (name: string, present: string | undefined, given: string): string => {
  const [before, asked] = [numberOf(present), numberOf(given)];
  const isNumeric = name !== 'os' && name !== 'site' && present !== undefined;
  return isNumeric && before !== undefined && asked !== undefined && before > asked ? present : given;
};

/**
 * Bulk change of requirements (contract 7.7). `merge` sets what is given. `replace` removes what is not given, and only
 * raises numbers; an empty `os` removes it.
 */
export const changeRequirements = (requirements: string, mode: 'merge' | 'replace', change: string): string => {
  const before = membersOf(requirements);
  const given = membersOf(change);
  if (mode === 'merge') return objectText(new Map([...before, ...given]));
  const after = new Map<string, string>();
  for (const [name, raw] of given) {
    const isEmptyList = name === 'os' && kindOf(raw) === 'array' && elementsOf(raw).length === 0;
    if (!isEmptyList) after.set(name, replaced(name, before.get(name), raw));
  }
  return objectText(after);
};

/** A site is a string, even when a client sends a number (contract 7.7). */
export const withSiteAsText = (requirements: string): string => {
  const members = membersOf(requirements);
  const site = members.get('site');
  if (site === undefined || kindOf(site) === 'string') return requirements;
  return objectText(members.set('site', JSON.stringify(site)));
};
