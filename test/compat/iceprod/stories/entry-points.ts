import { readFileSync } from 'node:fs';
import { type HttpClient, type JsonAnswer, jsonAnswer } from '../../../harness/http-client.js';
import { refused } from '../answers.js';
import { openTestLedger } from '../../../harness/open-test-ledger.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset, newTask } from '../fixtures.js';
import type { ExpectAnswer } from '../../exact-answers.js';

/** A row of the project's own route list. */
interface EntryPoint {
  readonly method: string;
  readonly path: string;
  readonly roles: readonly string[];
  /** Restricts plain users to those who satisfy this. */
  readonly own: string;
  readonly rule: string;
}

const ROUTES = 'apps/gateway/src/iceprod/routes.tsv';
const VERBS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** Login pages post their forms to their own paths, which the route list names only once. */
const FORMS = /^\/auth\/realms\/\{realm\}\/(device|protocol\/openid-connect\/(auth|logout))$/;

const entryPointsOf = (list: string): readonly EntryPoint[] =>
  list
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [method = '', path = '', who = '', rule = ''] = line.split('\t');
      const [, roles = '', own = ''] = /^([^(]*)(?:\((.*)\))?$/.exec(who) ?? [];
      return { method, path, roles: roles.split(','), own, rule };
    });

/** Paths that the router cannot distinguish count as one. */
const shapeOf = (path: string): string => path.replace(/\{\w+\}/g, '{}');

/** Contract 1.2.4 to 1.2.6, 2: authorization, which is checked before anything else. */
export const entryPoints = (cluster: GetTestCluster, expectAnswer: ExpectAnswer): void => {
  it('refuse callers without access at every entry point', async () => {
    const { cairn, admin, system, pilot, alice, bob, nobody, anonymous } = cluster();
    const shared = await newDataset(alice);
    const own = await newDataset(alice, { auth_groups_read: [] });
    const taskId = await newTask(system, own);
    const all = entryPointsOf(readFileSync(ROUTES, 'utf8'));
    expect(all).toHaveLength(163);

    const addressOf = (path: string, dataset: string): string =>
      path
        .replace('{dataset_id}', dataset)
        .replace('{task_id}', taskId)
        .replace('{realm}', 'IceCube')
        .replace('{status}', 'idle')
        .replace('{username}', 'alice')
        .replace('{groupname}', 'simprod')
        .replace(/\{\w+\}/g, 'x');
    const ask = async (client: HttpClient, { method, path }: EntryPoint, dataset: string): Promise<JsonAnswer> => {
      const body = JSON.stringify({
        dataset_id: dataset,
        username: 'alice',
        scope: 's',
        url: 'u',
        transfer_prefix: '',
      });
      return jsonAnswer(await client.send(method, addressOf(path, dataset), method === 'GET' ? {} : { body }));
    };
    const expired = anonymous.as(await cairn.token({ username: 'root', roles: ['admin'], lifetimeSeconds: -3600 }));
    const someoneElse = anonymous.as(await cairn.token({ username: 'carol', roles: ['user'], groups: ['filtering'] }));
    const failed = refused(403, 'authentication failed');
    const denied = refused(403, 'authorization failed');
    const clients: Readonly<Record<string, HttpClient>> = { admin, system, pilot, user: bob };
    const ledger = await openTestLedger(cairn);
    const before = await ledger.head();

    for (const entry of all) {
      const { method, path, roles, rule } = entry;
      const at = `${method} ${path}`;
      if (roles.includes('none')) {
        // Open to all, without a token.
        const answer = await ask(anonymous, entry, own);
        expect({ at, isRefused: JSON.stringify(answer.json).includes('authentication failed') }).toEqual({
          at,
          isRefused: false,
        });
        continue;
      }
      expectAnswer(await ask(anonymous, entry, own), failed, `${at}, no token`);
      expectAnswer(await ask(anonymous.as('x.y.z'), entry, own), failed, `${at}, no real token`);
      expectAnswer(await ask(expired, entry, own), failed, `${at}, an old token`);
      const anyToken = roles.includes('any valid token');
      const withoutRole = anyToken ? refused(403, 'Denied') : denied;
      expectAnswer(await ask(nobody, entry, own), withoutRole, `${at}, no role`);
      for (const [role, client] of Object.entries(clients)) {
        if (anyToken ? role === 'pilot' : !roles.includes(role)) {
          expectAnswer(await ask(client, entry, own), withoutRole, `${at}, role ${role}`);
        }
      }
      if (anyToken) {
        expectAnswer(await ask(bob, entry, own), refused(403, 'Denied'), `${at}, stranger`);
        expectAnswer(await ask(bob, entry, 'nobodys'), refused(403, 'Dataset not found'), `${at}, nobody's dataset`);
      }
      if (entry.own !== '')
        expectAnswer(await ask(bob, entry, own), refused(403, 'unauthorized'), `${at}, not ${entry.own}`);
      if (rule === 'read' || rule === 'write') {
        const isInPath = path.includes('{dataset_id}');
        const denied = (reason: string): JsonAnswer => refused(403, isInPath ? reason : 'auth failed');
        for (const stranger of [bob, someoneElse]) {
          expectAnswer(await ask(stranger, entry, own), denied('authorization failed'), `${at}, stranger`);
        }
        // The answer must not reveal whether the dataset exists.
        expectAnswer(await ask(bob, entry, 'nobodys'), denied('attr not found'), `${at}, nobody's dataset`);
        if (rule === 'write')
          expectAnswer(await ask(bob, entry, shared), denied('authorization failed'), `${at}, reader`);
        else expect({ at, status: (await ask(bob, entry, shared)).status }).not.toEqual({ at, status: 403 });
      }
      if (rule === 'rows') {
        expect(JSON.stringify(await ask(bob, entry, own))).not.toContain(own);
        expect(JSON.stringify(await ask(alice, entry, own))).toContain(own);
      }
    }
    expect(await ledger.head()).toBe(before);
    await ledger.close();
  });

  it('are answered with 405 for a wrong method before authentication', async () => {
    const { anonymous, admin } = cluster();
    const verbs = new Map<string, { readonly path: string; readonly known: string[] }>();
    for (const { method, path } of entryPointsOf(readFileSync(ROUTES, 'utf8'))) {
      const entry = verbs.get(shapeOf(path)) ?? { path, known: FORMS.test(path) ? ['POST'] : [] };
      entry.known.push(method);
      verbs.set(shapeOf(path), entry);
    }
    for (const { path, known } of verbs.values()) {
      const address = path.replace('{realm}', 'IceCube').replace(/\{\w+\}/g, 'x');
      for (const verb of VERBS.filter((each) => !known.includes(each))) {
        for (const client of [anonymous, admin]) {
          const answer = await client.send(verb, address, verb === 'GET' ? {} : { body: '{' });
          expectAnswer(jsonAnswer(answer), refused(405, 'Method Not Allowed'), `${verb} ${path}`);
          expect({ path, allow: answer.headers['allow']?.split(', ').sort() }).toEqual({
            path,
            allow: [...known, ...(known.includes('GET') ? ['HEAD'] : [])].sort(),
          });
        }
      }
    }
  });
};
