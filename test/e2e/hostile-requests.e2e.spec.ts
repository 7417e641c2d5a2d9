import { DIALECTS } from '../../apps/gateway/src/dialects.js';
import { MODES } from '../harness/cairn-process.js';
import { type HttpClient, jsonAnswer } from '../harness/http-client.js';
import { refused } from '../compat/iceprod/answers.js';
import { PASSWORDS } from '../harness/passwords.js';
import { useTestCluster, VARIABLES } from '../harness/test-cluster.js';
import { newDataset, newJob, newTask } from '../compat/iceprod/fixtures.js';
import { type LdapServer, LDAP_BASE, startLdapServer } from '../harness/ldap-server.js';
import { openTestLedger } from '../harness/open-test-ledger.js';
import { ISSUER_CLIENT, startTokenIssuer, type TokenIssuer } from '../harness/token-issuer.js';
import { forgedTokens } from './hostile-requests/forged-tokens.js';
import type { Targets } from './hostile-requests/example.js';
import { hostileRequests, type HostileRequest } from './hostile-requests/generator.js';
import { nameOf, type OpenApi, type Operation, operationsOf } from './hostile-requests/openapi.js';
import { logVisitorIn, prepareClients, prepareTargets } from './hostile-requests/targets.js';

/** Set HOSTILE_REQUESTS to send more than in a usual run. */
const REQUESTS = Number(process.env['HOSTILE_REQUESTS'] ?? 6_000);
/** Over NATS the same code answers, so that fewer requests suffice. */
const REQUESTS_OVER_NATS = REQUESTS / 4;
/** Rounds over all routes before new targets are created. */
const ROUNDS = 12;
/** Concurrent requests. */
const CONCURRENCY = 16;
/** One in this many requests is sent twice concurrently. */
const DUPLICATE_EVERY = 50;
/** Requests sent one by one, with a check of the ledger after each. The first rounds send valid requests, the last one forged tokens. */
const SEQUENTIAL = { rounds: 8, validRounds: 4 };
/** Change it for other requests; keep it to repeat a run. */
const SEED = 20_261_120;

/** An answer that takes longer counts as hanging. The bench measures what requests cost. */
const HANGING_MS = 10_000;

const REFUSED_SHARE_MIN = 0.6;

/** Routes without parameters and without authentication, which refuse nothing. */
const PUBLIC_ROUTES = [
  ...[
    '/cairn/events/schemas',
    '/cairn/history/keys',
    '/docs',
    '/healthz',
    '/livez',
    '/metrics',
    '/openapi.json',
    '/ping',
    '/readyz',
    '/version',
  ],
];

interface Outcome {
  readonly sent: HostileRequest;
  readonly status: number;
  readonly tookMs: number;
  readonly fault: string | undefined;
}

const shown = ({ sent, ...outcome }: Outcome): object => ({
  ...outcome,
  ...sent,
  path: sent.path.slice(0, 300),
  body: sent.body?.toString().slice(0, 300),
});

/** IceProd contract 1.3: whatever clients send, they get an answer in time that is no server error. */
describe.each(MODES)('hostile requests to all routes ($mode)', (mode) => {
  let ldap: LdapServer | undefined;
  let issuer: TokenIssuer | undefined;
  const cluster = useTestCluster(mode, async () => {
    ldap = await startLdapServer(PASSWORDS);
    issuer = await startTokenIssuer();
    return {
      ...VARIABLES,
      ...{ LDAP_URL: ldap.url, LDAP_BASE },
      CREDENTIALS_ISSUER_URL: issuer.url,
      CREDENTIALS_CLIENT_ID: ISSUER_CLIENT.id,
      CREDENTIALS_CLIENT_SECRET: ISSUER_CLIENT.secret,
    };
  });
  let clients: Targets = {};
  let visitor: HttpClient | undefined;
  let operations: readonly Operation[] = [];
  let forged: readonly HttpClient[] = [];
  let forgeries = 0;

  beforeAll(async () => {
    const { anonymous, cairn } = cluster();
    // PanDA's have a suite of their own: they refuse with 200.
    operations = operationsOf((await anonymous.get('/openapi.json')).json as OpenApi).filter(
      ({ route }) => DIALECTS.dialectOf(route).name !== 'panda',
    );
    forged = [...(await forgedTokens(cairn)).values()].map((token) => anonymous.as(token));
    clients = await prepareClients(cluster());
    visitor = await logVisitorIn(cluster());
  });

  afterAll(async () => {
    await ldap?.stop();
    await issuer?.stop();
  });

  const targets = async (): Promise<Targets> => ({ ...clients, ...(await prepareTargets(cluster())) });

  const senderOf = ({ sender }: HostileRequest): HttpClient => {
    if (sender === 'user') return cluster().alice;
    if (sender === 'visitor') return visitor ?? cluster().anonymous;
    if (sender !== 'forger') return cluster()[sender];
    forgeries += 1;
    return forged[forgeries % forged.length] ?? cluster().anonymous;
  };

  const send = async (sent: HostileRequest): Promise<Outcome> => {
    const startedMs = performance.now();
    const outcome = (status: number, fault?: string): Outcome => ({
      sent,
      status,
      tookMs: Math.round(performance.now() - startedMs),
      fault,
    });
    try {
      const { status, reason, text } = await senderOf(sent).send(sent.method, sent.path, {
        body: sent.body,
        headers: sent.headers,
      });
      // A busy server may say that it is not ready.
      const isFault = status >= 500 && !sent.path.startsWith('/readyz');
      return outcome(status, isFault ? `${reason} ${text.slice(0, 200)}` : undefined);
    } catch (error) {
      return outcome(0, `no answer: ${String(error)}`);
    }
  };

  it('reach every route, succeed and fail, and append no event when refused', async () => {
    expect(operations.length).toBeGreaterThan(163 + 136);
    const ledger = await openTestLedger(cluster().cairn);
    const faults: Outcome[] = [];
    const accepted = new Set<string>();
    const denied = new Set<string>();
    for (let round = 0; round < SEQUENTIAL.rounds; round += 1) {
      const options = {
        rounds: 1,
        validRounds: round < SEQUENTIAL.validRounds ? 1 : 0,
        seed: SEED + 1_000_000 + 1_000 * round,
      };
      const requests = hostileRequests(operations, await targets(), options);
      // Deletions run last.
      const ordered = requests.toSorted(
        (one, other) => Number(one.method === 'DELETE') - Number(other.method === 'DELETE'),
      );
      let before = await ledger.head();
      for (const each of ordered) {
        const request: HostileRequest = round === SEQUENTIAL.rounds - 1 ? { ...each, sender: 'forger' } : each;
        const outcome = await send(request);
        const after = await ledger.head();
        const { status, fault } = outcome;
        if (fault !== undefined || (status >= 400 && after !== before)) faults.push(outcome);
        (status >= 400 ? denied : accepted).add(nameOf(request));
        before = after;
      }
    }
    await ledger.close();
    expect(faults.map(shown)).toEqual([]);
    const missing = (those: ReadonlySet<string>): readonly string[] =>
      operations.map(nameOf).filter((name) => !those.has(name));
    expect(missing(accepted)).toEqual([]);
    const open = PUBLIC_ROUTES.map((path) => `GET ${path}`);
    // A busy server may refuse one of these, too.
    expect(missing(denied).filter((name) => !open.includes(name))).toEqual([]);
  });

  it('are refused with forged tokens', async () => {
    const { anonymous, cairn } = cluster();
    const tokens = await forgedTokens(cairn);
    expect(tokens.size).toBeGreaterThanOrEqual(30);
    const failed = refused(403, 'authentication failed');
    for (const [flaw, token] of tokens) {
      for (const scheme of ['Bearer', 'bearer ']) {
        const headers = { authorization: `${scheme} ${token}` };
        for (const path of ['/datasets', '/roles', '/auths/nobodys/actions/read']) {
          expect({ flaw, ...jsonAnswer(await anonymous.send('GET', path, { headers })) }).toEqual({ flaw, ...failed });
        }
        const answer = await anonymous.send('GET', '/cairn/history/units/x', { headers });
        expect({ flaw, status: answer.status }).toEqual({ flaw, status: 401 });
      }
    }
    const good = await cairn.token({ username: 'root', roles: ['admin'] });
    for (const scheme of ['', 'Basic ', 'Token ', 'Bearer', 'Bearer Bearer ', 'Bearer\t']) {
      const headers = { authorization: `${scheme}${good}` };
      expect({ scheme, ...jsonAnswer(await anonymous.send('GET', '/datasets', { headers })) }).toEqual({
        scheme,
        ...failed,
      });
    }
    expect((await anonymous.as(good).get('/roles')).status).toBe(200);
  });

  it('are answered in time, without server errors, and mostly refused', async () => {
    const count = mode.isDistributed ? REQUESTS_OVER_NATS : REQUESTS;
    const faults: Outcome[] = [];
    let answered = 0;
    let denied = 0;
    for (let part = 0; answered < count; part += 1) {
      const options = { rounds: ROUNDS, seed: SEED + 1_000 * part };
      const requests = hostileRequests(operations, await targets(), options);
      const queue = requests.flatMap((each, place) => (place % DUPLICATE_EVERY === 0 ? [each, each] : [each])).values();
      const work = async (): Promise<void> => {
        for (const request of queue) {
          const outcome = await send(request);
          answered += 1;
          if (outcome.status >= 400) denied += 1;
          if (outcome.fault !== undefined || outcome.tookMs > HANGING_MS) faults.push(outcome);
        }
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, work));
    }
    expect(faults.map(shown)).toEqual([]);
    expect(denied / answered).toBeGreaterThanOrEqual(REFUSED_SHARE_MIN);
  }, 300_000);

  it('leave Cairn running and working', async () => {
    const { cairn, system, alice, anonymous } = cluster();
    expect((await anonymous.get('/healthz')).status).toBe(200);
    const datasetId = await newDataset(alice);
    const jobId = await newJob(system, datasetId);
    await newTask(system, datasetId, { job_id: jobId });
    expect((await alice.get(`/datasets/${datasetId}/task_counts/status`)).json).toEqual({ idle: 1 });
    expect((await alice.get(`/datasets/${datasetId}/job_counts/status`)).json).toEqual({ processing: 1 });
    expect(cairn.output()).not.toMatch(/uncaught|unhandled|"level":"(error|fatal)"/i);
  });
});
