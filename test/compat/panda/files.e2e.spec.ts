import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { type Cairn, MODES } from '../../harness/cairn-process.js';
import { watchPeak } from '../../harness/peak-memory.js';
import { useTestCluster, VARIABLES } from '../../harness/test-cluster.js';
import {
  type Envelope,
  formOf,
  identified,
  ok,
  PANDA_VARIABLES,
  PandaClient,
  PRODUCTION,
  refused,
} from './panda-client.js';

const MIB = 1024 * 1024;
const EMPTY = ok();
const newName = (kind: string): string => `${kind}.${randomUUID()}.tar.gz`;

/** Content as a sandbox has it, and what it is registered by. */
const archiveOf = (
  text: string,
): { readonly content: Buffer; readonly file_size: number; readonly checksum: number } => {
  const content = gzipSync(text);
  return { content, file_size: content.length, checksum: crc32(text) };
};

describe.each(MODES)("PanDA's files and secrets ($mode)", (mode) => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-panda-files-'));
  const cluster = useTestCluster(mode, () => {
    mkdirSync(join(folder, 'keys'));
    for (const key of ['public', 'private']) writeFileSync(join(folder, 'keys', `${key}.pem`), `the ${key} key`);
    writeFileSync(join(folder, 'proxy.pem'), '-----BEGIN CERTIFICATE-----', { mode: 0o600 });
    const grants = {
      key_pairs: join(folder, 'keys'),
      proxies: [{ dn: 'Privileged User', file: join(folder, 'proxy.pem') }],
      clients: [{ name: 'store', token: 'a token', token_key: 'abc', demands_token_key: true }],
    };
    writeFileSync(join(folder, 'grants.json'), JSON.stringify(grants), { mode: 0o600 });
    writeFileSync(join(folder, 'panda.json'), JSON.stringify({ users: { 'Privileged User': { flags: 'kpt' } } }));
    return {
      ...VARIABLES,
      ...PANDA_VARIABLES,
      PANDA_GRANTS: join(folder, 'grants.json'),
      CAIRN_PANDA_CONFIG: join(folder, 'panda.json'),
      PANDA_CACHE_GZIP: '*.packed.out',
    };
  });

  let cairn: Cairn;
  let alice: PandaClient;
  let bob: PandaClient;
  let privileged: PandaClient;
  let production: PandaClient;
  let anonymous: PandaClient;
  let host: string;
  /** panda-client appends the port that it knows. */
  let hostName: string;

  beforeAll(() => {
    const { anonymous: client } = cluster();
    ({ cairn } = cluster());
    ({ host, hostname: hostName } = new URL(cairn.url));
    alice = new PandaClient(client, identified('Alice Demo'));
    bob = new PandaClient(client, identified('Bob Demo'));
    privileged = new PandaClient(client, identified('Privileged User'));
    production = new PandaClient(client, identified('Prod Manager', PRODUCTION));
    anonymous = new PandaClient(client);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  const download = async (path: string, method = 'GET') => {
    const answer = await fetch(`${cairn.url}${path}`, { method, headers: { 'accept-encoding': 'identity' } });
    return {
      status: answer.status,
      type: answer.headers.get('content-type'),
      encoding: answer.headers.get('content-encoding'),
      length: answer.headers.get('content-length'),
      content: Buffer.from(await answer.arrayBuffer()),
    };
  };

  /** A request as bytes, for what no client would send. */
  const rawUpload = (head: readonly string[], body: Buffer, breaksOff = false): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(cairn.url).port), '127.0.0.1');
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
      const identity = Object.entries(identified('Alice Demo')).map(([name, value]) => `${name}: ${value}`);
      socket.write([...head, `Host: ${host}`, 'Connection: close', ...identity, '', ''].join('\r\n'));
      socket.write(body);
      if (breaksOff) socket.end();
    });

  describe('sandboxes', () => {
    it('are found by their content and downloaded byte by byte without an encoding (acceptance 11)', async () => {
      const name = newName('sources');
      const { content, file_size, checksum } = archiveOf(`a sandbox ${name}`);
      expect(await alice.post('file_server/validate_cache_file', { file_size, checksum })).toEqual(refused('NOTFOUND'));
      expect(await alice.upload('file_server/upload_cache_file', name, content)).toEqual(EMPTY);
      const found = { success: true, message: `FOUND:${hostName}:${name}`, data: null };
      expect(await alice.post('file_server/validate_cache_file', { file_size, checksum })).toEqual(found);
      expect(await alice.get('file_server/validate_cache_file', { file_size, checksum })).toEqual(found);
      expect(await bob.post('file_server/validate_cache_file', { file_size, checksum })).toEqual(refused('NOTFOUND'));
      const file = { status: 200, type: 'application/octet-stream', encoding: null, length: String(content.length) };
      expect(await download(`/cache/${name}`)).toEqual({ ...file, content });
      const asked = await fetch(`${cairn.url}/cache/${name}`, { headers: { 'accept-encoding': 'gzip' } });
      expect(asked.headers.get('content-encoding')).toBeNull();
      expect(Buffer.from(await asked.arrayBuffer())).toEqual(content);
      expect((await download(`/cache/${name}`, 'HEAD')).status).toBe(200);
    });

    it('are stored once under a name, which is touched', async () => {
      const name = newName('jobO');
      expect(await alice.upload('file_server/upload_cache_file', `/home/alice/work/${name}`, 'first')).toEqual(EMPTY);
      expect(await alice.upload('file_server/upload_cache_file', name, 'second')).toEqual(
        refused('ERROR: cannot overwrite file'),
      );
      expect(await bob.upload('file_server/upload_cache_file', name, 'third')).toEqual(
        refused('ERROR: cannot overwrite file'),
      );
      expect((await download(`/cache/${name}`)).content.toString()).toBe('first');
      expect(await bob.post('file_server/touch_cache_file', { file_name: name })).toEqual(EMPTY);
      expect(await bob.post('file_server/touch_cache_file', { file_name: 'absent' })).toEqual(
        refused("Failed to touch file with: No such file: 'absent'"),
      );
      expect(await bob.post('file_server/delete_cache_file', { file_name: name })).toEqual(EMPTY);
      expect((await download(`/cache/${name}`)).status).toBe(200);
    });

    it('are overwritten by their owner only if their name allows it (D28)', async () => {
      const name = `${newName('jobO')}__ow__`;
      expect(await alice.upload('file_server/upload_cache_file', name, 'first')).toEqual(EMPTY);
      expect(await bob.upload('file_server/upload_cache_file', name, 'second')).toEqual(
        refused('ERROR : failed to register sandbox to DB with WARNING: file exist'),
      );
      expect((await download(`/cache/${name}`)).content.toString()).toBe('first');
      expect(await alice.upload('file_server/upload_cache_file', name, 'third')).toEqual(EMPTY);
      expect((await download(`/cache/${name}`)).content.toString()).toBe('third');
    });

    it('are registered by production for others', async () => {
      const name = newName('jobO');
      const registration = { user_name: 'Alice Demo', file_name: name, file_size: 77, checksum: '12345' };
      expect(await alice.post('file_server/register_cache_file', registration)).toEqual(
        refused('production or pilot role required'),
      );
      expect(await production.post('file_server/register_cache_file', registration)).toEqual(EMPTY);
      expect(await production.post('file_server/register_cache_file', registration)).toEqual(EMPTY);
      expect(
        await production.post('file_server/register_cache_file', { ...registration, user_name: 'Bob Demo' }),
      ).toEqual(refused('WARNING: file exist'));
      expect(await alice.post('file_server/validate_cache_file', { file_size: 77, checksum: 12345 })).toEqual({
        ...{ success: true, message: `FOUND:${hostName}:${name}`, data: null },
      });
    });

    it('are not registered when they are too short for a checksum or end with .out', async () => {
      const text = `output ${randomUUID()}`;
      expect(await alice.upload('file_server/upload_cache_file', `${randomUUID()}.out`, gzipSync(text))).toEqual(EMPTY);
      const { file_size, checksum } = archiveOf(text);
      expect(await alice.post('file_server/validate_cache_file', { file_size, checksum })).toEqual(refused('NOTFOUND'));
      expect(await alice.upload('file_server/upload_cache_file', newName('jobO'), 'short')).toEqual(EMPTY);
      expect(await alice.upload('file_server/upload_cache_file', newName('jobO'), '')).toEqual(EMPTY);
    });

    it('are compressed where the configuration says so', async () => {
      const name = `${randomUUID()}.packed.out`;
      const text = 'line\n'.repeat(10_000);
      expect(await alice.upload('file_server/upload_cache_file', name, text)).toEqual(EMPTY);
      const { content, encoding } = await download(`/cache/${name}`);
      expect(encoding).toBeNull();
      expect(gunzipSync(content).toString()).toBe(text);
    });

    it('are limited by their name, and the rest of the request is dropped', async () => {
      const { body, headers } = formOf(newName('jobO'), Buffer.alloc(12 * MIB));
      const answer = await alice.send('POST', '/api/v1/file_server/upload_cache_file', body, headers);
      expect(JSON.parse(answer.text)).toEqual(
        refused(
          'ERROR: upload failure. Exceeded size limit 12 MB > 10 MB. Please submit the job without --noBuild/--libDS since those options impose a tighter size limit',
        ),
      );
      expect(await alice.upload('file_server/upload_cache_file', newName('sources'), Buffer.alloc(12 * MIB))).toEqual(
        EMPTY,
      );
    });

    it.each([
      ['folders above', '../../../../etc/cron.d/evil', 'evil'],
      ['characters of URLs', 'a b%2F..%00?#ü.tar', 'a b%2F..%00?#ü.tar'],
      ['something like a script', '<script>alert(1)</script>.html', undefined],
      ['nothing', '', undefined],
      ['a folder', 'folder/', undefined],
      ['the folder itself', '.', undefined],
      ['the folder above', '..', undefined],
      ['too many characters', 'x'.repeat(300), undefined],
    ])('have names with %s', async (_what, fileName, stored) => {
      const answer = await alice.upload('file_server/upload_cache_file', fileName, 'content of it');
      if (stored === undefined) {
        const isPlain = fileName === '<script>alert(1)</script>.html';
        expect(answer).toEqual(isPlain ? EMPTY : refused('ERROR: cannot write file'));
        return;
      }
      expect(answer).toEqual(EMPTY);
      expect((await download(`/cache/${encodeURIComponent(stored)}`)).content.toString()).toBe('content of it');
    });

    it.each([
      '/cache/absent',
      '/cache/..%2F..%2Fetc%2Fpasswd',
      '/cache/%00',
      '/cache/jedilog%2Fx',
      '/cache/jedilog/..',
    ])('are not there at %s', async (path) => {
      expect((await rawUpload([`GET ${path} HTTP/1.1`], Buffer.alloc(0))).split('\r\n')[0]).toContain(' 404 ');
    });

    it('are not stored when the request breaks off, and the name stays free', async () => {
      const name = newName('jobO');
      const { body, headers } = formOf(name, randomBytes(MIB));
      const head = [
        'POST /api/v1/file_server/upload_cache_file HTTP/1.1',
        `Content-Type: ${headers['content-type'] ?? ''}`,
      ];
      await rawUpload([...head, `Content-Length: ${String(body.length)}`], body.subarray(0, 500_000), true);
      const unfinished = await rawUpload([...head, `Content-Length: 500000`], body.subarray(0, 500_000));
      expect(unfinished.split('\r\n')[0]).toContain(' 500 ');
      expect((await download(`/cache/${name}`)).status).toBe(404);
      expect(await alice.upload('file_server/upload_cache_file', name, 'whole')).toEqual(EMPTY);
    });

    it('need an identity to be stored, and a file', async () => {
      expect(await anonymous.upload('file_server/upload_cache_file', 'x', 'x')).toEqual(
        refused('SSL secure connection is required'),
      );
      expect(await alice.post('file_server/upload_cache_file')).toEqual(
        refused("Argument error: missing a required argument: 'file'"),
      );
      expect(await alice.post('file_server/upload_cache_file', { file: 'x' })).toMatchObject({ success: false });
      expect(await alice.get('file_server/upload_cache_file')).toEqual(refused('expecting POST, received GET'));
    });

    it('are stored once when the request is named and repeated', async () => {
      const name = newName('jobO');
      const send = async (content: string, key: string): Promise<Envelope> => {
        const { body, headers } = formOf(name, content);
        const named = { ...headers, 'idempotency-key': key };
        return JSON.parse(
          (await alice.send('POST', '/api/v1/file_server/upload_cache_file', body, named)).text,
        ) as Envelope;
      };
      expect(await send('first', 'the-first')).toEqual(EMPTY);
      expect(await send('first', 'the-first')).toEqual(EMPTY);
      expect(await send('other', 'the-first')).toEqual(refused('Idempotency-Key was used for another request'));
      expect(await send('first', 'the-second')).toEqual(refused('ERROR: cannot overwrite file'));
      expect((await download(`/cache/${name}`)).content.toString()).toBe('first');
    });

    it('outlive the death of all processes', async () => {
      const names = Array.from({ length: 5 }, () => newName('jobO'));
      for (const name of names) expect(await alice.upload('file_server/upload_cache_file', name, name)).toEqual(EMPTY);
      await cairn.restart({ signal: 'SIGKILL' });
      ({ host, hostname: hostName } = new URL(cairn.url));
      for (const name of names) expect((await download(`/cache/${name}`)).content.toString()).toBe(name);
    });

    it('of hundreds of megabytes take little memory', async () => {
      const sizeMib = 200;
      const pids = [...cairn.pids().values()];
      const growths = pids.map((pid) => watchPeak(pid));
      const name = newName('sources');
      expect(await alice.upload('file_server/upload_cache_file', name, Buffer.alloc(sizeMib * MIB))).toEqual(EMPTY);
      expect((await download(`/cache/${name}`)).content).toHaveLength(sizeMib * MIB);
      for (const growth of growths) expect(growth()).toBeLessThan(sizeMib / 2);
    });
  });

  describe('logs', () => {
    it('are uploaded by production, overwrite, and are read as text', async () => {
      const name = `worker_${randomUUID()}.log`;
      const url = `${cairn.url}/cache/jedilog/${name}`;
      expect(await alice.upload('file_server/upload_jedi_log', name, 'x')).toEqual(
        refused('production or pilot role required'),
      );
      for (const text of ['first', 'second']) {
        expect(await production.upload('file_server/upload_jedi_log', name, deflateSync(text))).toEqual({
          ...{ success: true, message: '', data: url },
        });
      }
      expect(await download(`/cache/jedilog/${name}`)).toMatchObject({
        ...{ status: 200, encoding: null, type: 'text/plain; charset=utf-8', content: Buffer.from('second') },
      });
      await production.upload('file_server/upload_jedi_log', name, 'as it is');
      expect((await download(`/cache/jedilog/${name}`)).content.toString()).toBe('as it is');
      expect((await download('/cache/jedilog/absent.log')).status).toBe(404);
      expect((await download(`/cache/${name}`)).status).toBe(404);
    });

    it('that are compressed say so, unless their name ends with .log', async () => {
      const content = gzipSync('a log');
      for (const [end, encoding] of [
        ['.gz', 'gzip'],
        ['.log', null],
      ] as const) {
        const name = `${randomUUID()}${end}`;
        await production.upload('file_server/upload_jedi_log', name, content);
        const answer = await fetch(`${cairn.url}/cache/jedilog/${name}`);
        expect(answer.headers.get('content-encoding')).toBe(encoding);
        expect(Buffer.from(await answer.arrayBuffer())).toEqual(encoding === null ? content : Buffer.from('a log'));
      }
    });

    it('are limited without numbers', async () => {
      expect(await production.upload('file_server/upload_jedi_log', 'large.log', Buffer.alloc(100 * MIB))).toEqual(
        refused('ERROR: upload failure. Exceeded size limit'),
      );
    });

    it('grow, and are read from an offset in bytes behind a blank', async () => {
      const log_name = `grow_${randomUUID()}.log`;
      const read = async (query = '', accept = 'text/plain'): Promise<string> =>
        (
          await alice.send('GET', `/api/v1/file_server/download_jedi_log?log_name=${log_name}${query}`, undefined, {
            ...{ accept, 'content-type': accept },
          })
        ).text;
      expect(await read()).toBe(' ');
      expect(await production.upload('file_server/update_jedi_log', log_name, deflateSync('one "ü"\n'))).toEqual(EMPTY);
      expect(await production.uploadLegacy('updateLog', log_name, deflateSync('two\n'))).toBe('True');
      expect(await read()).toBe(' one "ü"\ntwo\n');
      expect(await read('&offset=4')).toBe(' "ü"\ntwo\n');
      expect(await read('&offset=9')).toBe(' two\n');
      expect(await read('&offset=11')).toBe(' o\n');
      expect(await read('&offset=1000')).toBe(' ');
      expect(await read('', 'application/json')).toBe(JSON.stringify(' one "ü"\ntwo\n'));
      expect((await download(`/cache/${log_name}`)).content.toString()).toBe('one "ü"\ntwo\n');
      const posted = await alice.send(
        'POST',
        '/api/v1/file_server/download_jedi_log',
        JSON.stringify({ log_name, offset: 9 }),
        { accept: 'application/json' },
      );
      expect(JSON.parse(posted.text)).toBe(' two\n');
      expect(await bob.uploadLegacy('updateLog', log_name, deflateSync('his'))).toBe(
        'ERROR: cannot update file with it belongs to another user',
      );
    });

    it.each([
      ['text', Buffer.from('no zlib'), 'incorrect header check'],
      ['half of a text', deflateSync('x'.repeat(1000)).subarray(0, 8), 'unexpected end of file'],
      ['nothing', Buffer.alloc(0), 'unexpected end of file'],
    ])('do not grow by %s in place of zlib', async (_what, content, why) => {
      const name = `wrong_${randomUUID()}.log`;
      const message = `ERROR: cannot update file with ${why}`;
      expect(await production.upload('file_server/update_jedi_log', name, content)).toEqual(refused(message));
      expect(await production.uploadLegacy('updateLog', name, content)).toBe(message);
      expect((await download(`/cache/${name}`)).status).toBe(404);
    });
  });

  describe('checkpoints', () => {
    const name = 'hpo_cp_10000123_7';

    it('are stored, replaced, downloaded by POST and deleted, by their owner', async () => {
      const upload = (client: PandaClient, text: string): Promise<Envelope> =>
        client.upload('file_server/upload_hpo_checkpoint', '10000123_7', text);
      const placed = { success: true, message: `Successfully placed at ${name}`, data: name };
      expect(await upload(alice, 'first')).toEqual(placed);
      expect(await upload(alice, 'second')).toEqual(placed);
      expect(await upload(bob, 'his')).toEqual(refused(`Failed to place ${name} because it belongs to another user`));
      expect((await download(`/cache/${name}`, 'POST')).content.toString()).toBe('second');
      const remove = (client: PandaClient): Promise<Envelope> =>
        client.post('file_server/delete_hpo_checkpoint', { task_id: '10000123', sub_id: '7' });
      expect(await remove(bob)).toEqual(refused('Failed to delete file due to it belongs to another user'));
      expect(await remove(alice)).toEqual(EMPTY);
      expect(await remove(alice)).toEqual(refused(`Failed to delete file due to No such file: '${name}'`));
      expect((await download(`/cache/${name}`)).status).toBe(404);
    });

    it('are served without /api/v1 for harvester, and by the legacy API', async () => {
      const answer = await alice.sendFile('/file_server/upload_hpo_checkpoint', '/tmp/1_2', 'x');
      expect(JSON.parse(answer.text)).toMatchObject({ success: true, data: 'hpo_cp_1_2' });
      const removed = await alice.send(
        'POST',
        '/file_server/delete_hpo_checkpoint',
        JSON.stringify({ task_id: '1', sub_id: '2' }),
      );
      expect(JSON.parse(removed.text)).toEqual(EMPTY);
      expect(JSON.parse(await alice.uploadLegacy('put_checkpoint', '1_2', 'x'))).toEqual({
        ...{ status: true, message: 'Successfully placed at hpo_cp_1_2' },
      });
      expect(await alice.legacy('delete_checkpoint', { task_id: '1', sub_id: '2' })).toEqual({
        ...{ status: true, message: '' },
      });
    });

    it.each(['noids', '1_2_3', '_2', '1_', ''])('need two ids in their name, not %j', async (fileName) => {
      expect(await alice.upload('file_server/upload_hpo_checkpoint', fileName, 'x')).toEqual(
        refused('Failed to extract task and sub IDs'),
      );
    });

    it('need a length, within the limit', async () => {
      const { body, headers } = formOf('1_2', 'x');
      const type = `Content-Type: ${headers['content-type'] ?? ''}`;
      const path = 'POST /api/v1/file_server/upload_hpo_checkpoint HTTP/1.1';
      const chunked = Buffer.concat([
        Buffer.from(`${body.length.toString(16)}\r\n`),
        body,
        Buffer.from('\r\n0\r\n\r\n'),
      ]);
      expect(await rawUpload([path, type, 'Transfer-Encoding: chunked'], chunked)).toContain(
        'Cannot get content-length',
      );
    });
  });

  describe('requests for operators', () => {
    const ACCEPTED = 'The request was accepted and will be processed in a few minutes';

    it('to recover files have a log', async () => {
      const request = { dataset: 'user.alice.data', files: ['a', 'b'], dry_run: true };
      const answer = await alice.post('file_server/upload_file_recovery_request', request);
      expect(answer).toMatchObject({ success: true, message: ACCEPTED });
      const { logFileURL } = answer.data as { logFileURL: string };
      expect(logFileURL).toMatch(/\/cache\/jedilog\/lost_file_recovery\.[0-9a-f]+\.log$/);
      expect((await download(new URL(logFileURL).pathname)).content.toString()).toContain('waits for the operators');
      expect(await alice.post('file_server/upload_file_recovery_request')).toEqual(
        refused('Either task_id or dataset must be provided'),
      );
      expect(await alice.post('file_server/upload_file_recovery_request', { task_id: 10_999_999 })).toEqual(
        refused('not the task owner or no production role'),
      );
      expect(await production.legacy('put_file_recovery_request', { jediTaskID: '10999999' })).toEqual([
        true,
        'request was accepted and will be processed in a few minutes',
      ]);
    });

    it('to run workflows are kept, unless they shall run now', async () => {
      const data = JSON.stringify({ steps: [] });
      const upload = (parameters: object): Promise<Envelope> =>
        alice.post('file_server/upload_workflow_request', { data, ...parameters });
      expect(await upload({})).toEqual({ success: true, message: ACCEPTED, data: null });
      for (const now of ['dry_run', 'sync']) {
        expect(await upload({ [now]: true })).toEqual(
          refused('Cannot upload the workflow request: workflow engine is not configured'),
        );
      }
      const { message } = await upload({ data: '{' });
      expect(message).toMatch(/^Cannot upload the workflow request: ./);
      const answer = await alice.send(
        'POST',
        '/server/panda/put_workflow_request',
        gzipSync(JSON.stringify({ data })),
        {
          accept: 'application/json',
        },
      );
      expect(JSON.parse(answer.text)).toEqual([true, 'request was accepted and will be processed in a few minutes']);
    });

    it('to pick events are limited', async () => {
      expect(await alice.post('file_server/upload_event_picking_request', { run_event_list: '1 2' })).toEqual(EMPTY);
      const form = (text: string): Promise<string> =>
        alice
          .send('POST', '/server/panda/putEventPickingRequest', `runEventList=${text}`, {
            'content-type': 'application/x-www-form-urlencoded',
          })
          .then(({ text: answer }) => answer);
      expect(await form('1+2')).toBe('True');
      const tooLong = 'x'.repeat(10 * MIB);
      const bytes = String(tooLong.length + 'runEventList='.length);
      expect(await form(tooLong)).toBe(`ERROR : Run/event list is too large. Exceeded size limit ${bytes}>10485760.`);
      const { message } = await alice.post('file_server/upload_event_picking_request', { run_event_list: tooLong });
      expect(message).toMatch(/^ERROR: Run\/event list is too large\. Exceeded size limit \d+>10485760\.$/);
    });
  });

  describe('operators', () => {
    interface Requests {
      readonly requests: readonly { readonly request_id: string; readonly kind: string; readonly user_name: string }[];
      readonly next: string | null;
    }
    const own = async (client: PandaClient, path: string): Promise<Envelope> =>
      JSON.parse((await client.send('GET', `/cairn/panda/${path}`)).text) as Envelope;

    it('see the requests, the latest first, page by page', async () => {
      for (const run of ['first', 'second']) {
        await bob.post('file_server/upload_event_picking_request', { run_event_list: run });
      }
      expect(await own(bob, 'requests')).toEqual(refused('production or pilot role required'));
      const { requests, next } = (await own(production, 'requests?kind=event_picking&limit=1')).data as Requests;
      expect(requests).toMatchObject([{ kind: 'event_picking', user_name: 'Bob Demo' }]);
      const more = (await own(production, `requests?kind=event_picking&limit=1&cursor=${String(next)}`))
        .data as Requests;
      const documents = await Promise.all(
        [...requests, ...more.requests].map(({ request_id: id }) => own(production, `request?request_id=${id}`)),
      );
      expect(documents.map(({ data }) => data)).toMatchObject([
        ...[{ run_event_list: 'second' }, { run_event_list: 'first' }],
      ]);
      expect(await own(production, 'requests?kind=else')).toEqual(refused('unknown kind of requests: else'));
      expect(await own(production, 'request?request_id=none')).toEqual(refused('there is no such request'));
    });
  });

  describe('secrets', () => {
    it('are set, read as text that holds an object, and deleted (trap 4)', async () => {
      const set = (key: string | null, value: string | null): Promise<Envelope> =>
        alice.post('creds/set_user_secrets', { key, value });
      const done = ok(null, 'OK');
      expect(await alice.get('creds/get_user_secrets')).toEqual({ success: true, message: '', data: '{}' });
      expect(await set('MY_KEY', 's3cret')).toEqual(done);
      expect(await set('___file___:cert', 'QUJD')).toEqual(done);
      const data = '{"MY_KEY": "s3cret", "___file___:cert": "QUJD"}';
      expect(await alice.get('creds/get_user_secrets')).toEqual({ success: true, message: '', data });
      expect(await alice.get('creds/get_user_secrets', { keys: ['MY_KEY', 'other'] })).toMatchObject({
        data: '{"MY_KEY": "s3cret"}',
      });
      expect(await alice.post('creds/get_user_secrets', { keys: ['MY_KEY'] })).toMatchObject({
        data: '{"MY_KEY": "s3cret"}',
      });
      expect(await bob.get('creds/get_user_secrets')).toMatchObject({ data: '{}' });
      expect(await alice.legacy('get_user_secrets', { keys: 'MY_KEY,x', get_json: 'True' })).toEqual([
        true,
        { MY_KEY: 's3cret' },
      ]);
      expect(await alice.legacy('get_user_secrets')).toEqual([true, data]);
      await cairn.restart({ signal: 'SIGKILL' });
      expect(await alice.get('creds/get_user_secrets')).toMatchObject({ data });
      expect(await set('cert', null)).toEqual(done);
      expect(await alice.get('creds/get_user_secrets')).toMatchObject({ data: '{"MY_KEY": "s3cret"}' });
      expect(await alice.legacy('set_user_secret', { key: 'B', value: '2' })).toEqual([true, 'OK']);
      expect(await alice.post('creds/set_user_secrets')).toEqual(done);
      expect(await alice.get('creds/get_user_secrets')).toMatchObject({ data: '{}' });
      expect(await anonymous.legacy('get_user_secrets')).toEqual([false, 'SSL secure connection is required']);
      expect(await anonymous.get('creds/get_user_secrets')).toEqual(refused('SSL secure connection is required'));
    });
  });

  describe('grants', () => {
    const COLUMN = 'ATLAS_PANDAMETA.USERS.GRIDPREF';

    it.each<[string, Record<string, string>, string]>([
      [
        'get_key_pair',
        { public_key_name: 'public.pem', private_key_name: 'private.pem' },
        `Failed since 'Alice Demo' not authorized with 'k' in ${COLUMN}`,
      ],
      ['get_proxy', {}, `failed: 'Alice Demo' not in authorized users with 'p' in ${COLUMN} to get proxy`],
      [
        'get_access_token',
        { client_name: 'store' },
        `failed: 'Alice Demo' not in authorized users with 'p' in ${COLUMN} to get access token`,
      ],
      ['get_token_key', { client_name: 'store' }, `Denied since 'Alice Demo' not authorized with 't' in ${COLUMN}`],
    ])('of %s need a flag', async (name, query, message) => {
      expect(await alice.get(`creds/${name}`, query)).toEqual(refused(message));
    });

    it.each<[string, Record<string, string>, unknown]>([
      [
        'get_key_pair',
        { public_key_name: 'public.pem', private_key_name: 'private.pem' },
        {
          ...{ public_key: 'the public key', publicKey: 'the public key' },
          ...{ private_key: 'the private key', privateKey: 'the private key' },
        },
      ],
      [
        'get_proxy',
        { role: '' },
        { user_proxy: '-----BEGIN CERTIFICATE-----', userProxy: '-----BEGIN CERTIFICATE-----' },
      ],
      ['get_access_token', { client_name: 'store', token_key: 'abc' }, { user_proxy: 'a token', userProxy: 'a token' }],
      ['get_token_key', { client_name: 'store' }, { tokenKey: 'abc' }],
    ])('of %s are given to users with a flag (D17)', async (name, query, data) => {
      expect(await privileged.get(`creds/${name}`, query)).toEqual({ success: true, message: '', data });
    });

    it('that are not there say so', async () => {
      const answers = [
        ['get_key_pair', { public_key_name: 'public.pem', private_key_name: '../grants.json' }],
        ['get_proxy', { role: 'production' }],
        ['get_proxy', { dn: '/DC=org/DC=example/CN=Other/CN=123/CN=proxy' }],
        ['get_access_token', { client_name: 'store' }],
        ['get_access_token', { client_name: 'other' }],
        ['get_token_key', { client_name: 'other' }],
      ] as const;
      const messages = await Promise.all(
        answers.map(async ([name, query]) => (await privileged.get(`creds/${name}`, query)).message),
      );
      expect(messages).toEqual([
        `Failed for 'Privileged User' since ../grants.json is missing on ${new URL(cairn.url).host}`,
        "'proxy' not found for /DC=org/DC=example/CN=Privileged User",
        "'proxy' not found for /DC=org/DC=example/CN=Other",
        'failed since token key is invalid for store',
        "'token' not found for other",
        "Token key is missing for 'other'",
      ]);
    });

    it('are answered by the legacy API with status words, proxies always as JSON (D26)', async () => {
      const plain = async (client: PandaClient, name: string, form: string): Promise<readonly unknown[]> => {
        const { status, headers, text } = await client.send('POST', `/server/panda/${name}`, form, {
          ...{ accept: '*/*', 'content-type': 'application/x-www-form-urlencoded' },
        });
        return [status, headers['content-type'], text];
      };
      expect(await plain(anonymous, 'getProxy', '')).toEqual([
        ...[200, 'application/json', '{"StatusCode":70,"errorDialog":"SSL secure connection is required"}'],
      ]);
      expect(await plain(privileged, 'getProxy', '')).toEqual([
        ...[200, 'application/json', '{"StatusCode":0,"userProxy":"-----BEGIN CERTIFICATE-----"}'],
      ]);
      expect(await plain(privileged, 'get_access_token', 'client_name=store&token_key=abc')).toEqual([
        ...[200, 'application/json', '{"StatusCode":0,"userProxy":"a token"}'],
      ]);
      const [, , keys] = await plain(privileged, 'getKeyPair', 'publicKeyName=public.pem&privateKeyName=private.pem');
      expect(keys).toBe('StatusCode=0&publicKey=the+public+key&privateKey=the+private+key');
      expect(await privileged.legacy('get_token_key', { client_name: 'store' })).toEqual({
        ...{ StatusCode: 0, tokenKey: 'abc' },
      });
      expect(await privileged.legacy('get_token_key', { client_name: 'other' })).toEqual({
        ...{ StatusCode: 80, errorDialog: "Token key is missing for 'other'" },
      });
      expect(await alice.legacy('getProxy')).toMatchObject({ StatusCode: 70 });
    });
  });

  describe('services that Cairn has none of', () => {
    it('are answered for', async () => {
      const relay = { command_name: 'ping', args: '[]' };
      const notConfigured = 'failed to execute command with iDDS is not configured';
      expect(await alice.post('idds/relay_idds_command', relay)).toEqual(refused(notConfigured));
      expect(await alice.legacy('relay_idds_command', { command_name: 'ping' })).toEqual([false, notConfigured]);
      const command = (command_name: string, kwargs: string): Promise<Envelope> =>
        alice.post('idds/execute_idds_workflow_command', { command_name, kwargs });
      expect(await command('erase', '{}')).toEqual(refused('erase is unsupported'));
      expect(await command('abort', '{}')).toEqual(refused('request_id is missing'));
      expect(await command('abort', '{"request_id": 5}')).toEqual(refused('server failed with iDDS is not configured'));
      const submit = (params: unknown): Promise<Envelope> =>
        alice.post('workflow/submit_workflow_raw_request', { params });
      const engine = 'Failed to submit raw workflow request: workflow engine is not configured';
      expect(await submit({ a: 1 })).toEqual(refused(engine));
      expect(await submit('{"a": 1}')).toEqual(refused(engine));
      expect((await submit('{')).message).toMatch(/^Failed to parse params: ./);
      expect(await alice.post('workflow/submit_workflow', { workflow_definition: {} })).toEqual(refused(engine));
    });
  });

  describe('scripts', () => {
    it('come along for the jobs of plain pilots', async () => {
      for (const name of ['runGen-00-00-02', 'buildGen-00-00-01']) {
        const { status, content } = await download(`/trf/user/${name}`);
        expect([status, content.toString().split('\n')[0]]).toEqual([200, '#!/usr/bin/env python3']);
      }
    });

    it.each([
      '/trf/user',
      '/trf/user/absent',
      '/trf/..%2F..%2F..%2Fpackage.json',
      '/trf/../package.json',
      '/trf/%00',
      '/trf/',
    ])('are all that is at %s', async (path) => {
      const [status] = (await rawUpload([`GET ${path} HTTP/1.1`], Buffer.alloc(0))).split('\r\n');
      expect(status).toMatch(/ (404|403) /);
    });
  });
});
