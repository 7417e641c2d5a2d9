import type { Principal } from '#contracts/panda/principal.js';

/** The owner of the tasks of tests. */
export const somePrincipal = (fields: Partial<Principal> = {}): Principal => ({
  dn: '/CN=Demo User',
  name: 'Demo User',
  fqans: [],
  isProduction: false,
  isPilot: false,
  workingGroups: [],
  primaryWorkingGroup: null,
  ...fields,
});

export const PRODUCTION = somePrincipal({ dn: '/CN=Operator', name: 'Operator', isProduction: true });
