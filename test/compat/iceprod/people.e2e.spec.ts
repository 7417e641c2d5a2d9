import { type LdapServer, LDAP_BASE, startLdapServer } from '../../harness/ldap-server.js';
import { MODES } from '../../harness/cairn-process.js';
import { accessQuestions } from './people/access-questions.js';
import { directory } from './people/directory.js';
import { logins } from './people/logins.js';
import { PASSWORDS } from '../../harness/passwords.js';
import { people } from './people/people.js';
import { useTestCluster } from '../../harness/test-cluster.js';

/** Without a configured shared secret, the auth service generates one that nobody else knows. */
describe.each(MODES)("IceProd's users, roles, groups and logins ($mode)", (mode) => {
  let ldap: LdapServer | undefined;
  const cluster = useTestCluster(mode, async () => {
    ldap = await startLdapServer(PASSWORDS);
    return { LDAP_URL: ldap.url, LDAP_BASE, TRUSTED_PROXIES: 'loopback' };
  });

  afterAll(() => ldap?.stop());

  directory(cluster);
  people(cluster);
  accessQuestions(cluster);
  // Runs last because it stops the LDAP server and restarts Cairn.
  logins(cluster, async () => ldap?.stop());
});
