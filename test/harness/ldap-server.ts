import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'ldapts';

const SLAPD = '/usr/sbin/slapd';
const SLAPADD = '/usr/sbin/slapadd';
const START_TIMEOUT_MS = 10_000;

export const LDAP_BASE = 'ou=people,dc=example,dc=org';

export interface LdapServer {
  readonly url: string;
  stop(): Promise<void>;
}

const configuration = (folder: string): string => `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile ${folder}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
maxsize 10485760
suffix "dc=example,dc=org"
directory ${folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by * none
`;

/** LDIF requires base64 for values that are not safe ASCII. */
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const person = (username: string, password: string): string => `
dn:: ${base64(`uid=${username.replace(/[^A-Za-z0-9]/g, '\\$&')},${LDAP_BASE}`)}
objectClass: inetOrgPerson
uid:: ${base64(username)}
cn: ${username.replace(/[^A-Za-z0-9]/g, '')}
sn: Test
userPassword:: ${base64(password)}
`;

const directory = (passwords: Readonly<Record<string, string>>): string => `
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
o: example
dc: example

dn: ${LDAP_BASE}
objectClass: organizationalUnit
ou: people
${Object.entries(passwords)
  .map(([username, password]) => person(username, password))
  .join('')}`;

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

/** Whether the server answers an anonymous bind. */
const answers = async (url: string): Promise<boolean> => {
  const client = new Client({ url, timeout: 1000, connectTimeout: 1000 });
  try {
    await client.bind('', '');
    return true;
  } catch {
    return false;
  } finally {
    await client.unbind().catch(() => undefined);
  }
};

const untilAnswering = async (url: string, child: ChildProcess): Promise<void> => {
  const endMs = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(url))) {
    if (child.exitCode !== null || Date.now() > endMs) throw new Error('slapd did not start');
  }
};

/** Debian's LDAP server with users of its own, on a free port of this machine. */
export const startLdapServer = async (passwords: Readonly<Record<string, string>>): Promise<LdapServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-ldap-'));
  await mkdir(join(folder, 'data'));
  const file = join(folder, 'slapd.conf');
  await writeFile(file, configuration(folder));
  const added = spawnSync(SLAPADD, ['-f', file], { input: directory(passwords), encoding: 'utf8' });
  if (added.status !== 0) throw new Error(`slapadd failed: ${added.error?.message ?? added.stderr}`);
  const url = `ldap://127.0.0.1:${await freePort()}`;
  // With a debug level it stays in the foreground.
  const child = spawn(SLAPD, ['-d', '0', '-f', file, '-h', url], { stdio: 'ignore' });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilAnswering(url, child);
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
