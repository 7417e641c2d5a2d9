import { readFileSync } from 'node:fs';
import { MODES } from '../harness/cairn-process.js';
import type { Answer } from '../harness/http-client.js';
import { eventsAfter, openTestLedger } from '../harness/open-test-ledger.js';
import type { PandaClient } from '../compat/panda/panda-client.js';
import { usePanda } from '../compat/panda/use-panda.js';

/** A row of the contract's list: nothing is taken from the gateway, so that rights which it grants by mistake show. */
interface Row {
  readonly method: string;
  readonly path: string;
  readonly access: string;
}

const ROWS: readonly Row[] = readFileSync('apps/gateway/src/panda/routes.tsv', 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .flatMap((line) => {
    const [methods = '', path = '', access = ''] = line.split('\t');
    return methods.split('|').map((method) => ({ method, path: path.replace(/\{\w+\}/, 'x'), access }));
  });

/** Modules whose functions pilots may use, and the legacy functions of pilots (PanDA contract 2.4, 12). */
const FOR_PILOTS = new RegExp(
  '^/(?:server/panda/)?api/v1/(?:pilot|event|harvester)/|^/server/panda/(?:' +
    'updateJob|updateJobsInBulk|getEventRanges|updateEventRange|updateEventRanges|checkEventsAvailability|' +
    'getCommands|ackCommands|updateWorkerPilotStatus|getResourceTypes)$',
);
/** They ask for the role in their own words: without it there are no jobs. */
const OWN_ROLE_CHECK = ['/api/v1/pilot/acquire_jobs', '/server/panda/getJob', '/api/v1/task/reassign'];

type Kind = 'anonymous' | 'bad' | 'user' | 'pilot' | 'production';
const KINDS: readonly Kind[] = ['anonymous', 'bad', 'user', 'pilot', 'production'];

const isGranted = ({ path, access }: Row, kind: Kind): boolean => {
  // Files are for everybody, and nobody looks at tokens there.
  if (/^\/(?:cache|trf|auth)\//.test(path)) return true;
  if (kind === 'bad') return false;
  if (access === 'none' || kind === 'production') return true;
  if (kind === 'anonymous') return false;
  return access === 'secure' || (kind === 'pilot' && FOR_PILOTS.test(path));
};

const SECURE = 'SSL secure connection is required';
const ROLE = 'production or pilot role required';
const LEGACY_ROLE = 'no production/pilot role in VOMS FQANs or non pilot owner';

/** In the words of the contract, 1.8, 1.9 and 12. */
const isRefusal = ({ path }: Row, kind: Kind, { status, text }: Answer): boolean => {
  if (kind === 'bad') return status === 403 && text.startsWith('ERROR : Token authentication failed. ');
  if (status !== 200) return false;
  const message = kind === 'anonymous' ? SECURE : ROLE;
  if (!path.startsWith('/server/panda/') || path.includes('/api/v1/')) {
    return text === `{"success":false,"message":"${message}","data":null}`;
  }
  const dialog = kind === 'anonymous' ? SECURE : LEGACY_ROLE;
  const code = kind === 'anonymous' ? 70 : 60;
  return [
    `[false,"${dialog}"]`,
    `{"StatusCode":${code},"errorDialog":"${dialog}"}`,
    new URLSearchParams({ StatusCode: String(code), errorDialog: dialog }).toString(),
    dialog,
  ].includes(text);
};

describe.each(MODES)("access to PanDA's routes ($mode)", (mode) => {
  const clients = usePanda(mode);

  const clientOf = (kind: Kind): PandaClient => {
    if (kind === 'bad') return clients.demo('nobody');
    return clients[kind]();
  };
  const send = ({ method, path }: Row, kind: Kind): Promise<Answer> =>
    clientOf(kind).send(method, path, method === 'GET' ? undefined : '{}');

  it.each(KINDS)('is granted and refused as the contract says to callers of the kind %s', async (kind) => {
    const ledger = await openTestLedger(clients.cluster().cairn);
    const wrong: string[] = [];
    for (const row of ROWS) {
      if (isGranted(row, kind) && OWN_ROLE_CHECK.includes(row.path)) continue;
      const before = await ledger.head();
      const answer = await send(row, kind);
      const isRefused = isRefusal(row, kind, answer) || [SECURE, ROLE].some((text) => answer.text.includes(text));
      const stored = await eventsAfter(ledger, before);
      const isRight = isGranted(row, kind)
        ? !isRefused && [200, 404].includes(answer.status)
        : isRefusal(row, kind, answer) && stored.every(({ stream }) => !stream.includes('panda'));
      if (!isRight)
        wrong.push(`${kind} ${row.method} ${row.path} (${row.access}): ${answer.status} ${answer.text.slice(0, 200)}`);
    }
    await ledger.close();
    expect(wrong).toEqual([]);
  });

  it('ends for who is banned', async () => {
    const { cairn, anonymous } = clients.cluster();
    const token = await cairn.token({ username: 'buser', name: 'Bad User', groups: ['wlcg'] });
    const headers = { origin: 'wlcg' };
    const { status, text } = await anonymous.as(token).send('GET', '/api/v1/system/get_user_attributes', { headers });
    expect([status, text]).toEqual([403, 'ERROR : Bad User is banned']);
  });

  it('to a task belongs to its owner and to production', async () => {
    const OWNER = 'not the task owner or no production role';
    const { data: task_id } = await clients.user().post('task/submit', {
      task_parameters: {
        ...{ taskName: 'user.demo.access', uniqueTaskName: true, vo: 'wlcg', prodSourceLabel: 'user', noInput: true },
        ...{ processingType: 'test', nEvents: 1, nEventsPerJob: 1, transUses: '', transHome: null, architecture: '' },
        jobParameters: [{ type: 'constant', value: 'x' }],
      },
    });
    expect(typeof task_id).toBe('number');
    for (const path of ['task/retry', 'task/kill', 'task/finish', 'task/reload_input']) {
      expect({ path, ...(await clients.other().post(path, { task_id })) }).toMatchObject({ path, message: OWNER });
      expect({ path, ...(await clients.user().post(path, { task_id: 99 })) }).toMatchObject({ path, message: OWNER });
      const production = await clients.production().post(path, { task_id: 99 });
      expect({ path, message: production.message }).not.toMatchObject({ message: OWNER });
      const own = await clients.user().post(path, { task_id });
      expect({ path, message: own.message }).not.toMatchObject({ message: OWNER });
    }
  });
});
