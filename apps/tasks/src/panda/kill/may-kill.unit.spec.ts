import type { Principal } from '#contracts/panda/principal.js';
import { mayKill } from './may-kill.js';

const principal = (more: Partial<Principal>): Principal => ({
  ...{ dn: '/CN=Demo User', name: 'Demo User', fqans: [], isProduction: false, isPilot: false },
  ...{ workingGroups: [], primaryWorkingGroup: null },
  ...more,
});

const job = (prodUserName: string, prodSourceLabel: string, workingGroup: string | null = null) => ({
  attributes: { prodUserName, prodSourceLabel, workingGroup },
});

describe('mayKill', () => {
  const production = principal({ name: 'Operator', isProduction: true });
  const group = principal({ name: 'Leader', workingGroups: ['higgs', 'gr_higgs'] });

  it.each([
    ['own job', principal({}), job('Demo User', 'user'), null, true],
    ['own job with the production role', production, job('Operator', 'user'), null, true],
    ['job of another', principal({}), job('Other', 'user'), null, false],
    ['managed job of another', principal({}), job('Other', 'managed'), 9, false],
    ['production, managed', production, job('Other', 'managed'), null, true],
    ['production, user without a code', production, job('Other', 'user'), null, false],
    ['production, panda without a code', production, job('Other', 'panda'), null, false],
    ['production, user with a code that is not enough', production, job('Other', 'user'), 3, false],
    ['group, managed of it', group, job('Other', 'managed', 'gr_higgs'), null, true],
    ['group, test of it', group, job('Other', 'test', 'higgs'), null, true],
    ['group, user of it', group, job('Other', 'user', 'higgs'), 9, false],
    ['group, of another', group, job('Other', 'managed', 'top'), null, false],
    ['group, of none', group, job('Other', 'managed'), null, false],
  ] as const)('%s', (_, who, what, code, expected) => {
    expect(mayKill(who, what, code)).toBe(expected);
  });

  it.each([2, 4, 7, 8, 9, 10, 50, 51, 52, 91, 99])('lets production kill jobs of users with code %i', (code) => {
    expect(mayKill(production, job('Other', 'user'), code)).toBe(true);
  });
});
