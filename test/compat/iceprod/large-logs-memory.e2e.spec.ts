import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { watchPeak } from '../../harness/peak-memory.js';
import { MODES } from '../../harness/cairn-process.js';
import { useTestCluster } from '../../harness/test-cluster.js';
import { newDataset } from './fixtures.js';

const MIB = 1024 * 1024;
const LOG_BYTES = 100 * MIB;
/** Uploading and downloading a log of 100 MiB must take less extra memory than this. */
const EXTRA_MIB_MAX = 32;

/** Requests of each kind after which a process no longer grows by compiled code. */
const WARM_UP_ROUNDS = 20;

const LINE = Buffer.from('2026-11-21 muon 17 of 10000: \\"energy\\" 1.0e5\\n'.repeat(1000));
const LINES = Math.ceil(LOG_BYTES / LINE.length);

function* body(): Generator<string | Buffer> {
  yield '{"task_id":"t","name":"stdout","data":"';
  for (let line = 0; line < LINES; line += 1) yield LINE;
  yield '"}';
}

/** As far as it was sent: what comes before and behind it is Cairn's. */
const contentHash = (): string => {
  const hash = createHash('sha256');
  for (let line = 0; line < LINES; line += 1) hash.update(LINE);
  return hash.digest('hex');
};

const CONTENT = contentHash();

/** Hash of the log in an answer: as many bytes as the log has, from its first byte on. */
const hashOfLog = async (answer: Readable): Promise<string> => {
  const hash = createHash('sha256');
  const opening = '"data":"';
  let head: Buffer | undefined = Buffer.alloc(0);
  let left = LINE.length * LINES;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    let part = chunk;
    if (head !== undefined) {
      head = Buffer.concat([head, chunk]);
      const at = head.indexOf(opening);
      if (at === -1) continue;
      part = head.subarray(at + opening.length);
      head = undefined;
    }
    hash.update(part.subarray(0, left));
    left = Math.max(0, left - part.length);
  }
  return hash.digest('hex');
};

describe.each(MODES)('a log of 100 MiB ($mode)', (mode) => {
  const cluster = useTestCluster(mode);
  let authorization = '';

  beforeAll(async () => {
    authorization = `Bearer ${await cluster().cairn.token({ username: 'root', roles: ['admin', 'system'] })}`;
  });

  const ask = <Result>(
    method: string,
    path: string,
    read: (answer: Readable) => Promise<Result>,
    sent: Iterable<string | Buffer> = [],
  ): Promise<Result> =>
    new Promise((settle, refuse) => {
      const call = request(`${cluster().cairn.url}${path}`, { method, headers: { authorization } });
      call.on('response', (answer) => {
        if (answer.statusCode === 200 || answer.statusCode === 201) read(answer).then(settle, refuse);
        else refuse(new Error(`${method} ${path}: ${String(answer.statusCode)}`));
      });
      pipeline(Readable.from(sent), call).catch(refuse);
    });

  const add = async (path: string, sent: Iterable<string | Buffer>): Promise<string> => {
    const { result } = JSON.parse(await ask('POST', path, text, sent)) as { result: string };
    return result;
  };

  it(`passes through every upload and download route with less than ${EXTRA_MIB_MAX} MiB of extra memory`, async () => {
    const dataset = `/datasets/${await newDataset(cluster().alice)}`;
    for (let round = 0; round < WARM_UP_ROUNDS; round += 1) {
      await ask('GET', `/logs/${await add('/logs', ['{"data":"small"}'])}`, text);
      const id = await add(`${dataset}/logs`, ['{"data":"small","task_id":"small"}']);
      await ask('GET', `${dataset}/logs/${id}`, text);
      await ask('GET', `${dataset}/tasks/small/logs`, text);
    }
    const growths = [...cluster().cairn.pids()].map(([name, pid]) => ({ name, growth: watchPeak(pid) }));

    const id = await add('/logs', body());
    expect(await ask('GET', `/logs/${id}`, hashOfLog)).toBe(CONTENT);
    const ofDataset = await add(`${dataset}/logs`, body());
    expect(await ask('GET', `${dataset}/logs/${ofDataset}`, hashOfLog)).toBe(CONTENT);
    expect(await ask('GET', `${dataset}/tasks/t/logs`, hashOfLog)).toBe(CONTENT);

    const grown = growths.map(({ name, growth }) => ({ name, mib: Math.round(growth()) }));
    expect(grown.filter(({ mib }) => mib >= EXTRA_MIB_MAX)).toEqual([]);
  });
});
