import { DIALECTS } from '../../apps/gateway/src/dialects.js';
import { openApiDocument } from '../../apps/gateway/src/route/openapi.js';
import { usePanda } from '../compat/panda/use-panda.js';
import { MODES } from '../harness/cairn-process.js';
import type { Answer } from '../harness/http-client.js';
import { hostileRequests, type HostileRequest } from './hostile-requests/generator.js';
import { type OpenApi, operationsOf } from './hostile-requests/openapi.js';

/** Rounds over all functions. Over NATS the same code answers, so that fewer suffice. */
const ROUNDS = 24;
const ROUNDS_OVER_NATS = 4;
const CONCURRENCY = 8;
/** Change it for other requests; keep it to repeat a run. */
const SEED = 20_261_129;
/** An answer that takes longer counts as hanging. */
const HANGING_MS = 5_000;

const operations = operationsOf(openApiDocument(DIALECTS) as OpenApi).filter(
  ({ route }) => DIALECTS.dialectOf(route).name === 'panda',
);

/** Bodies that cannot be read (PanDA contract 1.8), in words of ours: a fault of the server has others. */
const UNREADABLE =
  /^(?:ERROR : received invalid JSON : |body is not valid gzip|body broke off|the form |a part of the form |Content-Encoding must be |Unsupported Media Type|path is not valid|'.*' is not a valid url component)/i;

/** Contract 1.7, 1.8: an envelope of three keys, a legacy answer, or one of the few other statuses. */
const isRight = (path: string, { status, headers, text }: Answer): boolean => {
  // Dots between slashes lead elsewhere: the client sends another path.
  if (DIALECTS.dialectOf(new URL(path, 'http://host').pathname).name !== 'panda') return true;
  if (status === 500) return UNREADABLE.test(text);
  if (status === 403) return /^ERROR : |^forbidden$/.test(text);
  if (status === 404) return true;
  if (status !== 200) return false;
  if (!path.startsWith('/api/') || headers['content-type'] !== 'application/json') return true;
  try {
    const json = JSON.parse(text) as unknown;
    if (typeof json === 'string') return true;
    return JSON.stringify(Object.keys(json as object)) === '["success","message","data"]';
  } catch {
    return false;
  }
};

/** Whatever clients of PanDA send, they get an answer in time that is no fault of the server. */
describe.each(MODES)("hostile requests to PanDA's functions ($mode)", (mode) => {
  const { cluster, user, production, pilot, other, anonymous } = usePanda(mode);
  const senders = [user, production, production, pilot, other, anonymous];

  it('are answered in the words of the contract', async () => {
    const requests = hostileRequests(
      operations,
      { task_id: ['1', '10000001'], job_id: ['1'], job_ids: ['1'], site_name: ['SITE_A'], harvester_id: ['harv-1'] },
      { rounds: mode.isDistributed ? ROUNDS_OVER_NATS : ROUNDS, seed: SEED },
    );
    expect(requests.length).toBeGreaterThan(150 * ROUNDS_OVER_NATS);
    const wrong: object[] = [];
    let turn = 0;
    const send = async ({ method, path, body, headers }: HostileRequest): Promise<void> => {
      turn += 1;
      const sender = senders[turn % senders.length] ?? anonymous;
      const startedMs = performance.now();
      const sent = { method, path: path.slice(0, 300), headers, body: body?.toString().slice(0, 300) };
      try {
        const others = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'origin'));
        const answer = await sender().send(method, path, body, { 'content-type': 'application/json', ...others });
        const tookMs = performance.now() - startedMs;
        if (!isRight(path, answer) || tookMs > HANGING_MS) {
          wrong.push({ ...sent, status: answer.status, text: answer.text.slice(0, 300), tookMs: Math.round(tookMs) });
        }
      } catch (error) {
        wrong.push({ ...sent, error: String(error) });
      }
    };
    const queue = requests.values();
    const work = async (): Promise<void> => {
      for (const request of queue) await send(request);
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    expect(wrong).toEqual([]);
  }, 300_000);

  it('leave Cairn running and working', async () => {
    expect(await anonymous().get('system/is_alive')).toMatchObject({ success: true });
    expect(await user().get('task/get_status', { task_id: 99 })).toMatchObject({ message: 'Task not found' });
    expect(cluster().cairn.output()).not.toMatch(/uncaught|unhandled|"level":"(error|fatal)"/i);
  });
});
