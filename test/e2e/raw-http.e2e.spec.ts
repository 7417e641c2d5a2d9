import { MODES } from '../harness/cairn-process.js';
import { useTestCluster } from '../harness/test-cluster.js';
import { ID, newDataset } from '../compat/iceprod/fixtures.js';
import { openTestLedger } from '../harness/open-test-ledger.js';
import { type RawAnswer, RawConnection } from './hostile-requests/raw-connection.js';

/** Malformed requests that ordinary clients cannot send. */
const MALFORMED_REQUESTS: readonly (readonly [what: string, bytes: string])[] = [
  ['noise', '\u0000\u0001\u00ff\u00fe\r\n\r\n'],
  ['the greeting of TLS', '\u0016\u0003\u0001\u0000\u00a5\u0001\u0000\u0000\u00a1\u0003\u0003'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['HTTP/0.9', 'GET /datasets\r\n\r\n'],
  ['a version that nobody knows', 'GET /healthz HTTP/7.3\r\nHost: x\r\n\r\n'],
  ['a verb that nobody knows', 'BREW /datasets HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a tunnel', 'CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['no host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n'],
  ['a blank in the path', 'GET /heal thz HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['bytes that are no path', 'GET /\u00ff\u00c0\u00af HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['NUL in the path', 'GET /health\u0000z HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a header without a name', 'GET /healthz HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n'],
  ['a header without a colon', 'GET /healthz HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n'],
  ['a blank before the colon', 'GET /healthz HTTP/1.1\r\nHost: x\r\nA : y\r\n\r\n'],
  ['NUL in a header', 'GET /healthz HTTP/1.1\r\nHost: x\r\nA: \u0000\r\n\r\n'],
  ['a header of 100 kB', `GET /healthz HTTP/1.1\r\nHost: x\r\nA: ${'y'.repeat(100_000)}\r\n\r\n`],
  ['a path of 100 kB', `GET /${'y'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
  ['5,000 headers', `GET /healthz HTTP/1.1\r\nHost: x\r\n${'Abcdefghijklmnop: y\r\n'.repeat(5_000)}\r\n`],
  ['two lengths', 'POST /jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
  ['a length below nothing', 'POST /jobs HTTP/1.1\r\nHost: x\r\nContent-Length: -2\r\n\r\n{}'],
  ['a length in letters', 'POST /jobs HTTP/1.1\r\nHost: x\r\nContent-Length: two\r\n\r\n{}'],
  ['a length beyond numbers', 'POST /jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n{}'],
  [
    'a length and chunks',
    'POST /jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /datasets HTTP/1.1\r\nHost: x\r\n\r\n',
  ],
  ['chunks in disguise', 'POST /jobs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
  ['an encoding that nobody knows', 'POST /jobs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: rot13\r\n\r\n{}'],
];

const BAD_CHUNKS: readonly (readonly [what: string, bytes: string])[] = [
  ['a size in letters', 'two\r\n{}\r\n0\r\n\r\n'],
  ['a size below nothing', '-2\r\n{}\r\n0\r\n\r\n'],
  ['a size beyond numbers', 'fffffffffffffffffff\r\n{}\r\n0\r\n\r\n'],
  ['more than its size', '2\r\n{"a":1}\r\n0\r\n\r\n'],
  ['endless extensions', `2;${'a=b;'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`],
];

/** Contract 1.2.2, 1.2.3: the status line and the body contain the same reason. */
const expectRefusal = ({ status, reason, body }: RawAnswer): void => {
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(JSON.parse(body)).toEqual({ code: status, error: reason });
};

describe.each(MODES)('raw HTTP requests ($mode)', (mode) => {
  const cluster = useTestCluster(mode);
  let token = '';
  let datasetId = '';

  beforeAll(async () => {
    const { cairn, alice } = cluster();
    token = await cairn.token({ username: 'grid', roles: ['system'] });
    datasetId = await newDataset(alice);
  });

  afterEach(async () => {
    // The server still serves the next connection.
    expect((await cluster().anonymous.get('/healthz')).status).toBe(200);
  });

  const using = async (work: (connection: RawConnection) => Promise<void>): Promise<void> => {
    const connection = new RawConnection(cluster().cairn.url);
    try {
      await work(connection);
    } finally {
      connection.close();
    }
  };
  const head = (line: string, ...headers: readonly string[]): string =>
    [`${line} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${token}`, ...headers, '', ''].join('\r\n');
  const job = (index: number): string => JSON.stringify({ dataset_id: datasetId, job_index: index });
  const postJob = (index: number): string => head('POST /jobs', `Content-Length: ${job(index).length}`) + job(index);
  const jobs = async (): Promise<number> =>
    Object.keys((await cluster().system.get(`/datasets/${datasetId}/jobs?keys=job_id`)).json as object).length;

  it.each(MALFORMED_REQUESTS)('are refused and end the connection when malformed: %s', async (_, bytes) => {
    const ledger = await openTestLedger(cluster().cairn);
    const before = await ledger.head();
    await using(async (connection) => {
      connection.send(bytes);
      const answers = await connection.all();
      expect(answers).toHaveLength(1);
      for (const answer of answers) expectRefusal(answer);
    });
    expect(await ledger.head()).toBe(before);
    await ledger.close();
  });

  it.each(BAD_CHUNKS)('append no event with malformed chunks: %s', async (_, chunks) => {
    const before = await jobs();
    await using(async (connection) => {
      connection.send(head('POST /jobs', 'Transfer-Encoding: chunked') + chunks);
      const answers = await connection.all();
      expect(answers).toHaveLength(1);
      for (const answer of answers) expectRefusal(answer);
    });
    expect(await jobs()).toBe(before);
  });

  it('append no event when the connection breaks off', async () => {
    const ledger = await openTestLedger(cluster().cairn);
    const before = await ledger.head();
    const text = job(0);
    const begun = [
      head('POST /jobs', `Content-Length: ${text.length}`),
      head('POST /jobs', `Content-Length: ${text.length + 1}`) + text,
      head('POST /jobs', `Content-Length: ${text.length}`) + text.slice(0, -1),
      head('POST /jobs', 'Transfer-Encoding: chunked'),
      `${head('POST /jobs', 'Transfer-Encoding: chunked')}${text.length.toString(16)}\r\n${text}\r\n`,
      `${head('POST /logs', 'Transfer-Encoding: chunked')}9\r\n{"data":"\r\n100000\r\n${'x'.repeat(400_000)}`,
    ];
    for (const bytes of begun) {
      for (const end of ['finish', 'breakOff'] as const) {
        await using(async (connection) => {
          connection.send(bytes);
          connection[end]();
          for (const answer of await connection.all()) expectRefusal(answer);
        });
      }
    }
    expect(await ledger.head()).toBe(before);
    await ledger.close();
  });

  it('are answered in order when they are pipelined', async () => {
    const before = await jobs();
    await using(async (connection) => {
      const get = head('GET /tasks/nobodys');
      const wrong = head('PUT /healthz', 'Content-Length: 0');
      connection.send(postJob(1) + get + postJob(2) + wrong + postJob(3) + head('GET /healthz'));
      const answers = await connection.answers(6);
      expect(answers.map(({ status }) => status)).toEqual([201, 404, 201, 405, 201, 200]);
      const made = answers.filter(({ status }) => status === 201).map(({ body }) => JSON.parse(body) as unknown);
      expect(made).toEqual(new Array(3).fill({ result: expect.stringMatching(ID) as string }));
    });
    expect(await jobs()).toBe(before + 3);
  });

  it('are served when they arrive byte by byte', async () => {
    const before = await jobs();
    await using(async (connection) => {
      for (const byte of Buffer.from(postJob(4))) connection.send(Buffer.of(byte));
      const [answer] = await connection.answers(1);
      expect(answer).toMatchObject({ status: 201, reason: 'Created' });
    });
    const text = job(5);
    await using(async (connection) => {
      const chunks = text.replace(/./g, '1\r\n$&\r\n');
      connection.send(`${head('POST /jobs', 'Transfer-Encoding: chunked')}${chunks}0\r\nTrailer: ignored\r\n\r\n`);
      expect((await connection.answers(1)).map(({ status }) => status)).toEqual([201]);
    });
    expect(await jobs()).toBe(before + 2);
  });

  it('are served with Expect: 100-continue', async () => {
    const text = job(6);
    await using(async (connection) => {
      connection.send(head('POST /jobs', `Content-Length: ${text.length}`, 'Expect: 100-continue'));
      expect((await connection.answers(1)).map(({ status }) => status)).toEqual([100]);
      connection.send(text);
      expect((await connection.answers(2)).map(({ status }) => status)).toEqual([100, 201]);
    });
    await using(async (connection) => {
      connection.send('POST /jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n');
      const last = (await connection.answers(2)).at(-1);
      expect(last).toMatchObject({ status: 403, reason: 'authentication failed' });
    });
    await using(async (connection) => {
      connection.send(head('POST /jobs', 'Content-Length: 2', 'Expect: a miracle'));
      const [answer] = await connection.answers(1);
      expect(answer).toMatchObject({ status: 417, reason: 'Expectation Failed' });
    });
  });

  it('do not include body bytes beyond Content-Length', async () => {
    const before = await jobs();
    await using(async (connection) => {
      connection.send(head('POST /jobs', 'Content-Length: 2') + postJob(7).slice(0, 2) + '{"nonsense":1}');
      connection.finish();
      const answers = await connection.all();
      expect(answers.length).toBeGreaterThanOrEqual(1);
      for (const answer of answers) expectRefusal(answer);
    });
    expect(await jobs()).toBe(before);
  });

  it('cause no error lines in the log', () => {
    expect(cluster().cairn.output()).not.toMatch(/uncaught|unhandled|"level":"(error|fatal)"/i);
  });
});
