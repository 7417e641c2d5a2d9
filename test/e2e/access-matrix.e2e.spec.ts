import { DIALECTS } from '../../apps/gateway/src/dialects.js';
import type { AnyRoute } from '../../apps/gateway/src/route/route.js';
import { MODES } from '../harness/cairn-process.js';
import { eventsAfter, openTestLedger } from '../harness/open-test-ledger.js';
import { type OpenIdIssuer, startOpenIdIssuer } from '../harness/openid-issuer.js';
import { useTestCluster, VARIABLES } from '../harness/test-cluster.js';
import { ISSUER_CLIENT, startTokenIssuer, type TokenIssuer } from '../harness/token-issuer.js';
import { AUDIENCE } from './access-matrix/bad-tokens.js';
import { type Cell, prepareCells } from './access-matrix/cells.js';
import { prepareCrossed } from './access-matrix/crossed.js';
import { PUBLIC_ROUTES, routeName, rowOf } from './access-matrix/expectations.js';
import { isRefusalOf } from './access-matrix/refusals.js';

const CONCURRENCY = 16;

/** PanDA's routes have a suite of their own: their callers are named by an `Origin`, and refused with 200. */
const ROUTES = DIALECTS.routes.filter(({ dialect }) => dialect !== 'panda');

/** For each row of the tables of expectations, a route that reads and one that changes something. */
const sampleOf = (routes: readonly AnyRoute[]): readonly AnyRoute[] => [
  ...new Map(routes.map((route) => [`${rowOf(route)} ${String(route.method === 'GET')}`, route])).values(),
];

const inParallel = async (cells: readonly Cell[], check: (cell: Cell) => Promise<void>): Promise<void> => {
  const queue = cells.values();
  const work = async (): Promise<void> => {
    for (const cell of queue) await check(cell);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
};

/** Refusals of callers who may ask: nothing has failed that could be retried, or a paused webhook belongs to somebody else. */
const DECIDED_BY_STATE = ['urn:cairn:error:workload.cannot', 'urn:cairn:error:webhook.not-owner'];

/**
 * Who may do what: every declared route with every kind of caller, about the datasets of two groups. What to expect is in
 * `access-matrix/expectations.ts`.
 */
describe.each(MODES)('access to all routes ($mode)', (mode) => {
  let issuer: OpenIdIssuer | undefined;
  let stranger: OpenIdIssuer | undefined;
  let credentials: TokenIssuer | undefined;
  const cluster = useTestCluster(mode, async () => {
    issuer = await startOpenIdIssuer();
    stranger = await startOpenIdIssuer();
    credentials = await startTokenIssuer();
    return {
      ...VARIABLES,
      // An embedded Cairn lets programs of its machine use Torc's routes without a token otherwise.
      ...{ OIDC_ISSUERS: issuer.url, OIDC_AUDIENCE: AUDIENCE, TORC_ACCESS: 'token' },
      CREDENTIALS_ISSUER_URL: credentials.url,
      CREDENTIALS_CLIENT_ID: ISSUER_CLIENT.id,
      CREDENTIALS_CLIENT_SECRET: ISSUER_CLIENT.secret,
    };
  });
  // Over NATS the same gateway answers, so that routes of each kind suffice.
  const routes = mode.isDistributed ? sampleOf(ROUTES) : ROUTES;
  let cells: readonly Cell[] = [];

  beforeAll(async () => {
    if (issuer === undefined || stranger === undefined) throw new Error('the issuers do not run');
    cells = await prepareCells(cluster(), routes, issuer, stranger);
  });

  afterAll(() => Promise.all([issuer?.stop(), stranger?.stop(), credentials?.stop()]));

  it('is declared openly where no token is needed', () => {
    const open = ROUTES.filter(({ policy }) => policy === 'public');
    expect(open.map(routeName).sort()).toEqual([...PUBLIC_ROUTES].sort());
  });

  it('is refused in the words of the dialect, and nothing is stored', async () => {
    const ledger = await openTestLedger(cluster().cairn);
    const before = await ledger.head();
    const wrong: string[] = [];
    const refused = cells.filter(({ expectation }) => expectation !== '+');
    await inParallel(refused, async (cell) => {
      const answer = await cell.send();
      const isRight =
        cell.expectation === '-'
          ? isRefusalOf(cell.route.dialect, answer)
          : answer.status >= 400 && answer.status < 500;
      if (!isRight || cell.leaks(answer)) wrong.push(cell.describe(answer));
    });
    expect(wrong).toEqual([]);
    const stored = await eventsAfter(ledger, before);
    expect(stored.map(({ stream, type }) => `${stream} ${type}`)).toEqual([]);
    await ledger.close();
  });

  it('is granted to all others, and every route works', async () => {
    const wrong: string[] = [];
    const failed = new Map<string, string>();
    const worked = new Set<string>();
    const readers = new Set<string>();
    const check = async (cell: Cell): Promise<void> => {
      const answer = await cell.send();
      const { route, side, relation } = cell;
      const key = `${routeName(route)}, group ${side.group}`;
      const isDecided = DECIDED_BY_STATE.some((code) => answer.text.includes(code));
      if (answer.status < 400 || isDecided) worked.add(key);
      // The suites of the OpenID provider send what its pages accept.
      else if (route.undocumented !== true && route.policy !== 'public') failed.set(key, cell.describe(answer));
      if (answer.text.includes(side.secret)) readers.add(relation);
      const isRefused = [401, 403].includes(answer.status) && !isDecided;
      if (isRefused || cell.leaks(answer)) wrong.push(cell.describe(answer));
    };
    const granted = cells.filter(({ expectation }) => expectation === '+');
    // Others end leases; whatever cancels or deletes runs last.
    for (const cell of granted.filter(({ relation }) => relation === 'holder')) await check(cell);
    const others = granted.filter(({ relation }) => relation !== 'holder');
    const isCancellation = ({ route }: Cell): boolean => route.path.endsWith('/cancel');
    const isDeletion = ({ route }: Cell): boolean => route.method === 'DELETE';
    await inParallel(
      others.filter((cell) => !isCancellation(cell) && !isDeletion(cell)),
      check,
    );
    await inParallel(others.filter(isCancellation), check);
    await inParallel(others.filter(isDeletion), check);
    expect(wrong).toEqual([]);
    expect([...failed].filter(([key]) => !worked.has(key)).map(([, text]) => text)).toEqual([]);
    expect([...readers]).toEqual(expect.arrayContaining(['member', 'owner', 'holder', 'pilot', 'system', 'admin']));
  });

  it('to one dataset opens no objects of another one', async () => {
    const { cells: crossed, content, other } = await prepareCrossed(cluster(), routes);
    const before = await content();
    const wrong: string[] = [];
    await inParallel(crossed, async (cell) => {
      const answer = await cell.send();
      if (cell.leaks(answer)) wrong.push(cell.describe(answer));
    });
    expect(wrong).toEqual([]);
    const after = await content();
    expect(after).toEqual(before);
    expect(JSON.stringify(after)).toContain(other.secret);
  });
});
