import type { Document } from '../documents.js';
import { type HttpClient, jsonAnswer } from '../../../harness/http-client.js';
import { created, done, isRefusal, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { ID, newDataset, newTask, TIMESTAMP, unsubmitted } from '../fixtures.js';

const NOT_FOUND = refused(404, 'Log not found');
/** Longer logs are streamed to the blob store. */
const LARGE = 'x"\\\n\u{1F300}\u0001'.repeat(150_000);

const add = async (client: HttpClient, path: string, body: unknown): Promise<string> => {
  const answer = await client.post(path, body);
  expect(answer).toEqual(created({ result: expect.stringMatching(ID) as string }));
  return (answer.json as { result: string }).result;
};

const remove = async (client: HttpClient, path: string) => jsonAnswer(await client.send('DELETE', path));

const idsOf = ({ json }: { readonly json: unknown }): readonly string[] => Object.keys(json as object);

const taskLogs = async (client: HttpClient, path: string): Promise<readonly Document[]> => {
  const { status, json } = await client.get(path);
  expect(status).toBe(200);
  return (json as { logs: readonly Document[] }).logs;
};

/** IceProd contract 9. */
export const logs = (cluster: GetTestCluster): void => {
  describe('logs', () => {
    it('are stored exactly as sent with all fields', async () => {
      const { pilot, system } = cluster();
      const body =
        '{"data":"a\\ud800\\u00e9\\/","n":1.0,"log_id":"mine","timestamp":"never","task_id":"t","x":{"data":1}}';
      const id = await add(pilot, '/logs', body);
      const { status, text } = await system.send('GET', `/logs/${id}`);
      expect(status).toBe(200);
      expect(text).toContain('"n":1.0');
      expect(text).toContain('"data":"a\\ud800\\u00e9\\/"');
      expect(JSON.parse(text)).toEqual({
        log_id: id,
        name: 'log',
        timestamp: expect.stringMatching(TIMESTAMP) as string,
        data: 'a\ud800é/',
        n: 1,
        task_id: 't',
        x: { data: 1 },
      });
    });

    it('require a body', async () => {
      const { system, pilot, alice } = cluster();
      for (const body of [{}, { name: 'x' }, { datum: LARGE.slice(0, 1000) }]) {
        expect(await pilot.post('/logs', body)).toEqual(refused(400, 'data field not in body'));
        const path = `/datasets/${unsubmitted()}/logs`;
        expect(await system.post(path, body)).toEqual(refused(400, 'data field not in body'));
      }
      expect((await system.send('POST', '/logs')).reason).toBe('data field not in body');
      for (const body of ['', '[]', '{"data":', '{"data":1}', '{"data":null}', '{"data":"x","name":1}']) {
        const answer = await system.post('/logs', body);
        expect({ body, refused: isRefusal(answer, 400) }).toEqual({ body, refused: true });
      }
      expect((await alice.post('/logs', { data: '' })).status).toBe(403);
      expect((await system.get('/logs/nope')).status).toBe(404);
    });

    it('can be large in uploads and downloads', async () => {
      const { pilot, system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const sent = { dataset_id: datasetId, task_id: 't', data: LARGE, name: 'stdout' };
      const id = await add(pilot, '/logs', sent);
      const stored = { ...sent, log_id: id, timestamp: expect.stringMatching(TIMESTAMP) as string };
      expect(await system.get(`/logs/${id}`)).toEqual(ok(stored));
      expect(await alice.get(`/datasets/${datasetId}/logs/${id}`)).toEqual(ok(stored));
      const second = await add(alice, `/datasets/${datasetId}/logs`, {
        data: LARGE,
        task_id: 't',
        dataset_id: 'other',
      });
      const path = `/datasets/${datasetId}/tasks/t/logs`;
      expect(await alice.get(path)).toEqual(ok({ logs: [{ ...stored, log_id: second, name: 'log' }, stored] }));
      expect(await system.get(`/logs?dataset_id=${datasetId}&keys=data`)).toEqual(
        ok({ [id]: { log_id: id, data: LARGE }, [second]: { log_id: second, data: LARGE } }),
      );
      expect(await remove(system, `/logs/${id}`)).toEqual(done);
      expect(await system.get(`/logs/${id}`)).toEqual(NOT_FOUND);
      expect(await taskLogs(alice, path)).toHaveLength(1);
    });

    /** Characters of all lengths in UTF-8, and escapes of all kinds. */
    const UNITS = ['x', 'é', '\u{1F300}', '\\n', '\\u00e9', '\\ud83c\\udf00', '\\"\\\\'];
    const lengthOf = (unit: string): number => (JSON.parse(`"${unit}"`) as string).length;
    const filled = (unit: string, size: number, sizeOf: (text: string) => number): string =>
      unit.repeat(Math.floor(size / sizeOf(unit))) + 'z'.repeat(size % sizeOf(unit));

    // Sizes around the thresholds of the different storage paths.
    it.each([
      ['bytes of a request', 262_143, (text: string) => Buffer.byteLength(text)],
      ['bytes of a request', 262_144, (text: string) => Buffer.byteLength(text)],
      ['bytes of a request', 262_145, (text: string) => Buffer.byteLength(text)],
      ['characters', 999_999, lengthOf],
      ['characters', 1_000_001, lengthOf],
    ])('are returned whole with the %s at %i', async (_, size, sizeOf) => {
      const { pilot, system } = cluster();
      const [open, close] = ['{"task_id":"t","data":"', '"}'];
      const room = sizeOf === lengthOf ? size : size - open.length - close.length;
      for (const unit of UNITS) {
        const text = filled(unit, room, sizeOf);
        const id = await add(pilot, '/logs', `${open}${text}${close}`);
        const { json } = await system.get(`/logs/${id}`);
        // Compared as a boolean, because a diff of a megabyte is unreadable.
        expect([unit, (json as Document)['data'] === JSON.parse(`"${text}"`)]).toEqual([unit, true]);
        await remove(system, `/logs/${id}`);
      }
    });

    it('are refused in the same cases when they are large', async () => {
      const { system, bob, alice } = cluster();
      const large = JSON.stringify(LARGE);
      for (const body of [
        `{"data":${large}`,
        `{"data":${large},"data":${large}}`,
        `{"data":"${'x'.repeat(600_000)}\\q"}`,
        `{"data":"${'x'.repeat(600_000)}\n"}`,
        `{"data":${large},"name":1}`,
        `{"x":${large}}`,
        `[${large}]`,
        large,
      ]) {
        const answer = await system.post('/logs', body);
        expect({ body: body.slice(0, 9), refused: isRefusal(answer, 400) }).toEqual({
          body: body.slice(0, 9),
          refused: true,
        });
      }
      const datasetId = await newDataset(alice, { auth_groups_read: [] });
      const denied = await bob.post(`/datasets/${datasetId}/logs`, { data: LARGE });
      expect(denied).toEqual(refused(403, 'authorization failed'));
      expect((await bob.post(`/datasets/${datasetId}/logs`, `{"data":${large}`)).status).toBe(403);
    });

    it('can be found by dataset, task and name', async () => {
      const { system } = cluster();
      const [datasetId, other] = [unsubmitted(), unsubmitted()];
      const a = await add(system, '/logs', {
        data: 'a',
        dataset_id: datasetId,
        task_id: 't',
        name: 'stdlog',
        extra: 1,
      });
      const b = await add(system, '/logs', { data: 'b', dataset_id: datasetId, task_id: 'u' });
      const c = await add(system, '/logs', { data: 'c', dataset_id: other, task_id: 't', name: 'stdlog' });
      const d = await add(system, '/logs', { data: 'd', task_id: `of ${datasetId}` });
      const find = async (query: string) => idsOf(await system.get(`/logs?${query}`));
      expect(await find(`dataset_id=${datasetId}`)).toEqual([a, b]);
      expect(await find(`dataset_id=${datasetId}&name=stdlog`)).toEqual([a]);
      expect(await find(`dataset_id=${datasetId}&task_id=u`)).toEqual([b]);
      expect(await find(`dataset_id=${other}`)).toEqual([c]);
      expect(await find(`task_id=of%20${datasetId}`)).toEqual([d]);
      expect(await find(`dataset_id=${unsubmitted()}`)).toEqual([]);
      expect(await find(`dataset_id=${datasetId}&limit=1`)).toEqual([a]);
      expect(await find(`dataset_id=${datasetId}&limit=0`)).toEqual([a, b]);
      const listed = (await system.get(`/logs?dataset_id=${datasetId}`)).json as Record<string, Document>;
      expect(listed[a]).toEqual({
        log_id: a,
        name: 'stdlog',
        data: 'a',
        timestamp: expect.stringMatching(TIMESTAMP) as string,
        task_id: 't',
        dataset_id: datasetId,
      });
      const time = String(listed[a]?.['timestamp']);
      expect(await find(`dataset_id=${datasetId}&from=${time}&to=${time}`)).toEqual([a]);
      expect(await find(`dataset_id=${datasetId}&to=${time.slice(0, -1)}`)).toEqual([]);
      expect(await find(`dataset_id=${datasetId}&from=${time}0`)).toEqual([b]);
      expect(await find(`dataset_id=${datasetId}&to=2999`)).toEqual([a, b]);
      expect(await system.get(`/logs?dataset_id=${datasetId}&keys=extra`)).toEqual(
        ok({ [a]: { log_id: a, extra: 1 }, [b]: { log_id: b } }),
      );
      for (const limit of ['x', '1.5', '-1']) expect((await system.get(`/logs?limit=${limit}`)).status).toBe(400);
      // With the arguments in a JSON body, as old clients send them.
      const response = await system.send('GET', '/logs', {
        body: JSON.stringify({ dataset_id: other, keys: 'log_id' }),
      });
      expect(jsonAnswer(response)).toEqual(ok({ [c]: { log_id: c } }));
    });

    it('can be many', async () => {
      const { system } = cluster();
      const datasetId = unsubmitted();
      const adding = Array.from({ length: 620 }, (_, index) =>
        system.post('/logs', { data: String(index), dataset_id: datasetId, name: 'n'.repeat(1000) }),
      );
      await Promise.all(adding);
      expect(new Set(idsOf(await system.get(`/logs?dataset_id=${datasetId}`))).size).toBe(620);
      expect(idsOf(await system.get(`/logs?dataset_id=${datasetId}&limit=510`))).toHaveLength(510);
    });

    it('of a task are listed by time, with each name once when grouped', async () => {
      const { alice } = cluster();
      const datasetId = await newDataset(alice);
      const path = `/datasets/${datasetId}/tasks/t/logs`;
      expect(await alice.get(path)).toEqual(NOT_FOUND);
      const ids: string[] = [];
      for (const name of ['stdlog', 'stdout', 'stdlog', 'stderr']) {
        ids.push(await add(alice, `/datasets/${datasetId}/logs`, { data: name, name, task_id: 't', extra: 1 }));
      }
      const [one = '', two = '', three = '', four = ''] = ids;
      const list = async (query: string) => (await taskLogs(alice, `${path}?${query}`)).map((log) => log['log_id']);
      expect(await list('')).toEqual([four, three, two, one]);
      expect(await list('order=asc')).toEqual([one, two, three, four]);
      expect(await list('num=2')).toEqual([four, three]);
      expect(await list('num=0')).toEqual([four, three, two, one]);
      expect(await list('group=True')).toEqual([four, three, two]);
      expect(await list('group=true&order=asc')).toEqual([one, two, four]);
      expect(await list('group=true&num=1')).toEqual([four]);
      expect(await list('group=1')).toHaveLength(4);
      expect((await taskLogs(alice, path))[0]).toMatchObject({ extra: 1, dataset_id: datasetId, name: 'stderr' });
      expect(Object.keys((await taskLogs(alice, `${path}?group=true`))[0] ?? {}).sort()).toEqual(
        ['log_id', 'name', 'task_id', 'dataset_id', 'data', 'timestamp'].sort(),
      );
      expect((await taskLogs(alice, `${path}?keys=name|nope`))[0]).toEqual({ name: 'stderr' });
      for (const query of ['num=-1', 'num=x', 'order=up']) {
        expect((await alice.get(`${path}?${query}`)).status).toBe(400);
      }
      expect(await alice.get(`/datasets/${datasetId}/logs/${one}`)).toMatchObject({ status: 200 });
      const other = await newDataset(alice);
      expect(await alice.get(`/datasets/${other}/logs/${one}`)).toEqual(NOT_FOUND);
      expect(await alice.get(`/datasets/${other}/tasks/t/logs`)).toEqual(NOT_FOUND);
      expect(await remove(alice, path)).toEqual(done);
      expect(await alice.get(path)).toEqual(NOT_FOUND);
      await add(alice, `/datasets/${datasetId}/logs`, { data: '', task_id: 't' });
      expect(await remove(alice, `/datasets/${datasetId}/task/t/logs`)).toEqual(done);
      expect(await alice.get(path)).toEqual(NOT_FOUND);
      expect(await remove(alice, path)).toEqual(done);
    });

    it('of a dataset are deleted with one line of progress for each', async () => {
      const { alice, system } = cluster();
      const datasetId = await newDataset(alice);
      const path = `/datasets/${datasetId}/logs`;
      const complete = '{"status": "complete", "percent_complete": 100.0}\n';
      expect(await alice.send('DELETE', path)).toMatchObject({ status: 200, text: complete });
      await add(alice, path, { data: '1' });
      await add(system, '/logs', { data: '2', dataset_id: datasetId });
      const kept = await add(system, '/logs', { data: '3', dataset_id: unsubmitted() });
      expect(await alice.send('DELETE', path)).toMatchObject({
        status: 200,
        text:
          '{"status": "deleting", "percent_complete": 50.0, "total": 2}\n' +
          `{"status": "deleting", "percent_complete": 100.0, "total": 2}\n${complete}`,
      });
      expect(await system.get(`/logs?dataset_id=${datasetId}`)).toEqual(ok({}));
      expect((await system.get(`/logs/${kept}`)).status).toBe(200);
      const many = Array.from({ length: 450 }, (_, index) => alice.post(path, { data: String(index) }));
      await Promise.all(many);
      const { text } = await alice.send('DELETE', path);
      const lines = text.trimEnd().split('\n');
      expect(lines).toHaveLength(451);
      expect(JSON.parse(lines[224] ?? '')).toEqual({ status: 'deleting', percent_complete: 50, total: 450 });
    });

    it('are recorded when stored and when deleted, without their bodies', async () => {
      const { alice, system } = cluster();
      const datasetId = await newDataset(alice);
      const taskId = await newTask(system, datasetId);
      const id = await add(system, '/logs', { data: 'secret body', dataset_id: datasetId, task_id: taskId });
      expect(await remove(system, `/logs/${id}`)).toEqual(done);
      expect(await remove(system, `/logs/${id}`)).toEqual(done);
      const { text } = await alice.send('GET', `/cairn/history/units/${taskId}`);
      const { events } = JSON.parse(text) as { events: readonly { event: string; data: Document }[] };
      expect(events.map(({ event }) => event)).toEqual(['UnitAdded', 'LogStored', 'LogsDeleted']);
      expect(text).not.toContain('secret body');
      expect(events[1]?.data['body']).toEqual({
        key: expect.stringMatching(/^log\//) as string,
        size: '"secret body"'.length,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      });
    });

    it('follow the access rule of their dataset', async () => {
      const { alice, bob, pilot, system } = cluster();
      const datasetId = await newDataset(alice, { auth_groups_read: [] });
      const path = `/datasets/${datasetId}`;
      const id = await add(alice, `${path}/logs`, { data: 'x', task_id: 't' });
      expect((await bob.post(`${path}/logs`, {})).status).toBe(403);
      for (const [method, at] of [
        ['GET', `/logs/${id}`],
        ['GET', '/tasks/t/logs?num=-1'],
        ['DELETE', '/logs'],
        ['DELETE', '/tasks/t/logs'],
        ['DELETE', '/task/t/logs'],
      ] as const) {
        expect((await bob.send(method, path + at)).status).toBe(403);
        expect((await pilot.send(method, path + at)).status).toBe(403);
      }
      for (const method of ['GET', 'DELETE']) expect((await alice.send(method, `/logs/${id}`)).status).toBe(403);
      expect((await alice.get('/logs')).status).toBe(403);
      expect((await pilot.get('/logs')).status).toBe(403);
      expect((await system.get(`${path}/logs/${id}`)).status).toBe(200);
    });

    it('survive a restart', async () => {
      const { alice, system, cairn } = cluster();
      const datasetId = await newDataset(alice);
      const sent = { dataset_id: datasetId, data: LARGE, name: 'stdout' };
      const id = await add(system, '/logs', sent);
      const unbound = await add(system, '/logs', { data: 'of no dataset' });
      await cairn.restart();
      expect((await system.get(`/logs/${id}`)).json).toMatchObject(sent);
      expect(await remove(system, `/logs/${unbound}`)).toEqual(done);
      expect(await system.get(`/logs/${unbound}`)).toEqual(NOT_FOUND);
    });
  });
};
