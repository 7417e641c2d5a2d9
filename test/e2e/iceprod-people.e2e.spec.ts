import { type LdapServer, LDAP_BASE, startLdapServer } from '../support/ldap-server.js';
import { startDistributed, startEmbedded } from './cairn-process.js';
import { accessQuestions } from './people/access-questions.js';
import { directory } from './people/directory.js';
import { logins } from './people/logins.js';
import { PASSWORDS } from './people/passwords.js';
import { people } from './people/people.js';
import { openWorld, type World } from './world.js';

const MODES = [
  { mode: 'embedded', start: startEmbedded },
  { mode: 'as separate processes over NATS', start: startDistributed },
] as const;

/** Cairn gets no shared secret here: the auth service makes one and nobody else knows it. */
describe.each(MODES)("IceProd's people, $mode", ({ start }) => {
  let opened: World | undefined;
  let ldap: LdapServer | undefined;

  beforeAll(async () => {
    ldap = await startLdapServer(PASSWORDS);
    opened = await openWorld(await start({ LDAP_URL: ldap.url, LDAP_BASE }));
  }, 90_000);

  afterAll(async () => {
    opened?.anonymous.close();
    await opened?.cairn.remove();
    await ldap?.stop();
  }, 60_000);

  const world = (): World => {
    if (opened === undefined) throw new Error('Cairn is not running');
    return opened;
  };

  directory(world);
  people(world);
  accessQuestions(world);
  // Last: it stops the LDAP server and starts Cairn again.
  logins(world, async () => ldap?.stop());
});
