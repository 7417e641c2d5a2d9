import { type LdapServer, LDAP_BASE, startLdapServer } from '../support/ldap-server.js';
import { MODES } from './cairn-process.js';
import { accessQuestions } from './people/access-questions.js';
import { directory } from './people/directory.js';
import { logins } from './people/logins.js';
import { PASSWORDS } from './people/passwords.js';
import { people } from './people/people.js';
import { useWorld } from './world.js';

/** Cairn gets no shared secret here: the auth service makes one and nobody else knows it. */
describe.each(MODES)("IceProd's people, $mode", (mode) => {
  let ldap: LdapServer | undefined;
  const world = useWorld(mode, async () => {
    ldap = await startLdapServer(PASSWORDS);
    return { LDAP_URL: ldap.url, LDAP_BASE };
  });

  afterAll(() => ldap?.stop());

  directory(world);
  people(world);
  accessQuestions(world);
  // Last: it stops the LDAP server and starts Cairn again.
  logins(world, async () => ldap?.stop());
});
