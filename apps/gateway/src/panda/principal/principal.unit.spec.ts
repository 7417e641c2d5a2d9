import { principalOf, type RoleRules } from './principal.js';

const RULES: RoleRules = {
  roles: (vo) => (vo === 'own' ? { production_groups: ['manager'], pilot_groups: ['manager', 'runner'] } : undefined),
  productionDns: ['/CN=Factory'],
};

describe('roles', () => {
  it.each([
    [['/wlcg/Role=production'], true, true],
    [['/wlcg/Role=pilot'], false, true],
    [['/wlcg/Role=user'], false, false],
    [['/wlcg/Role=production/Capability=NULL'], true, true],
    [['/atlas/usatlas/Role=production'], true, true],
    [['/wlcg/group/Role=production'], false, false],
    [['/wlcg/group/Role=pilot'], false, false],
    [['/own/Role=production'], false, false],
    [['/own/Role=manager'], true, true],
    [['/own/Role=runner'], false, true],
    [[], false, false],
  ])('of %j: production %s, pilot %s', (fqans, isProduction, isPilot) => {
    expect(principalOf('/CN=Demo User', fqans, RULES)).toMatchObject({ isProduction, isPilot });
  });

  it('are held by configured names, too, through proxies', () => {
    expect(principalOf('/DC=x/CN=Factory/CN=proxy/CN=proxy', [], RULES).isProduction).toBe(true);
  });
});

it('knows working groups', () => {
  const fqans = [
    '/atlas/phys-Higgs/Role=production',
    '/atlas/usatlas/Role=production',
    '/wlcg/det-Muon/Role=production',
  ];
  expect(principalOf('/CN=Demo User', fqans, RULES)).toMatchObject({
    workingGroups: ['phys-Higgs', 'gr_phys-Higgs'],
    primaryWorkingGroup: 'muon',
  });
  expect(principalOf('/CN=Demo User', [], RULES)).toMatchObject({ workingGroups: [], primaryWorkingGroup: null });
});
