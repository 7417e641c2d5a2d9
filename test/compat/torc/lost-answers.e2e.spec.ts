import { Agent } from 'node:http';
import { eventually } from '#platform/testing/eventually.js';
import { MODES } from '../../harness/cairn-process.js';
import { HttpClient } from '../../harness/http-client.js';
import { type Loss, type LossyProxy, startLossyProxy } from '../../harness/lossy-proxy.js';
import { documentIn, idOf, jobsIn, keyOf, refused, revisionOf } from './answers.js';
import { runAsClient } from './local-worker.js';
import { RepeatingClient } from './repeating-client.js';
import { TorcClient } from './torc-client.js';
import { useTorc } from './use-torc.js';
import { initialized, job, newWorkflow } from './workflow.js';

const LOSSES: readonly Loss[] = ['after the answer', 'at once'];

/** For how long the answer of `is_complete` must stand on an open connection to count as arrived (contract 5.11). */
const ARRIVAL_MS = 2000;

const SPECIFICATION = {
  files: ['grid', 'field', 'plot'].map((name) => ({ name, path: `${name}.nc` })),
  user_data: [{ name: 'parameters', data: { alpha: 0.5 } }],
  jobs: [
    job('make', { input_files: ['grid'], output_files: ['field'] }),
    job('use', { input_files: ['field'], output_files: ['plot'], input_user_data: ['parameters'] }),
    job('aside'),
    job('last', { blocked_by: ['use', 'aside'] }),
  ],
  config: { workflow_completion_script: 'bash out.sh' },
};

/** Clients repeat GET, PUT and DELETE when answers are lost; nothing of that is seen (contract 1.4, 1.8, 5.4, 5.11). */
describe.each(MODES)('answers that get lost ($mode)', (mode) => {
  const { cluster, torc, otherAddress } = useTorc(mode);

  describe.each(LOSSES)('%s', (loss) => {
    let proxy: LossyProxy | undefined;
    let client: RepeatingClient | undefined;
    let lossy: TorcClient;

    beforeAll(async () => {
      proxy = await startLossyProxy(cluster().cairn, () => loss);
      client = new RepeatingClient(proxy, new Agent({ keepAlive: true, maxSockets: 4 }));
      lossy = new TorcClient(client);
    });

    afterAll(async () => {
      client?.close();
      await proxy?.stop();
    });

    it('do not end a worker, nor run anything twice, nor lose the completion script', async () => {
      const workflow = await newWorkflow(torc(), SPECIFICATION);
      const lostBefore = proxy?.lost.length ?? 0;
      const { ran, scripts } = await runAsClient(workflow.through(lossy));
      expect(ran.toSorted()).toEqual(['aside', 'last', 'make', 'use']);
      expect(scripts).toBe(1);
      expect((proxy?.lost.length ?? 0) - lostBefore).toBeGreaterThan(30);
      expect(client?.repeats).toBeGreaterThan(30);
      expect(await workflow.statuses()).toEqual({ make: 'done', use: 'done', aside: 'done', last: 'done' });
      const counts: Record<string, number> = {};
      for (const name of ['results', 'events', 'compute_nodes', 'compute_node_stats']) {
        counts[name] = (await workflow.documents(name)).length;
      }
      for (const name of ['returned', 'executed', 'blocks', 'node_used']) {
        counts[name] = (await workflow.edges(name)).length;
      }
      expect(counts).toEqual({
        ...{ results: 4, returned: 4, executed: 4, blocks: 3, node_used: 1 },
        // 1 of the workflow, 2 of the worker, 2 of each job.
        ...{ compute_nodes: 1, compute_node_stats: 1, events: 1 + 2 + 2 * 4 },
      });
      expect(documentIn(await workflow.get('/status'))).toMatchObject({ run_id: 1, is_canceled: false });
    });

    it('do not change what documents become', async () => {
      const workflow = await initialized(torc(), SPECIFICATION);
      const through = workflow.through(lossy);
      for (const [collection, name] of [
        ['files', 'grid'],
        ['user_data', 'parameters'],
        ['jobs', 'aside'],
      ] as const) {
        const document = await workflow.named(collection, name);
        const path = `/${collection}/${keyOf(document)}`;
        const answer = await through.put(path, { ...document, name: `new ${name}` });
        expect(answer).toMatchObject({ status: 200, json: { name: `new ${name}` } });
        expect(await workflow.get(path)).toEqual(answer);
        // The answer's revision is the one to go on with.
        const next = await through.put(path, { ...documentIn(answer), name });
        expect(next).toMatchObject({ status: 200, json: { name } });
        // A stale PUT is none the better for being repeated.
        expect(await through.put(path, { ...document, name: 'stale' })).toEqual(refused(409));
      }
      for (const path of ['/config', '/status', '']) {
        const document = documentIn(await through.get(path));
        const answer = await through.put(path, document);
        expect(answer).toMatchObject({ status: 200 });
        expect(await workflow.get(path)).toEqual(answer);
      }
      const group = await workflow.added('resource_requirements', { name: 'g' });
      const aside = await workflow.job('aside');
      const path = `/jobs/${keyOf(aside)}/resource_requirements/${keyOf(group)}`;
      expect(await through.put(path)).toMatchObject({ status: 200, json: { _to: idOf(group) } });
      expect(await workflow.edges('requires')).toHaveLength(1);

      const file = await workflow.named('files', 'plot');
      expect(documentIn(await through.delete(`/files/${keyOf(file)}`))).toEqual(file);
      expect(await through.delete('/files/nobodys')).toEqual(refused(404));
      const [edge = {}] = await workflow.edges('requires');
      expect(documentIn(await through.delete(`/edges/requires/${keyOf(edge)}`))).toEqual(edge);
      expect(await through.delete('/edges/requires')).toMatchObject({ status: 200 });
      expect(await through.delete('/files')).toMatchObject({ status: 200 });
      expect(await workflow.documents('files')).toEqual([]);
      expect(await through.put('/cancel')).toMatchObject({ status: 200 });
      expect(documentIn(await workflow.get('/status'))).toMatchObject({ is_canceled: true });
      const document = await workflow.get();
      expect(await through.delete()).toEqual(document);
      expect(await workflow.through(otherAddress()).get()).toEqual(refused(404));
    });

    it('do not disturb a restart that resets jobs with revisions from one list', async () => {
      const workflow = await initialized(torc(), SPECIFICATION);
      await workflow.startRun(1);
      for (const name of ['make', 'use', 'aside', 'last']) await workflow.completed(name);
      const through = workflow.through(lossy);
      for (const each of await through.documents('jobs')) {
        const path = `/jobs/${keyOf(each)}/manage_status_change/uninitialized/${revisionOf(each)}/1`;
        expect(await through.put(path)).toMatchObject({ status: 200, json: { status: 'uninitialized' } });
      }
      expect(await workflow.get('/jobs/find_by_status/uninitialized?limit=0')).toMatchObject({
        json: { total_count: 4 },
      });
    });

    it('of a start stay the start of one worker', async () => {
      const workflow = await initialized(torc(), SPECIFICATION);
      const [claimed = {}] = jobsIn(await workflow.claim({ num_cpus: 1, memory_gb: 1 }));
      const node = await workflow.nodeKey();
      const path = `/jobs/${keyOf(claimed)}/start_job/${revisionOf(claimed)}/0/${node}`;
      const started = await workflow.through(lossy).put(path);
      expect(started).toMatchObject({ status: 200, json: { status: 'submitted' } });
      expect(await workflow.get(`/jobs/${keyOf(claimed)}`)).toEqual(started);
      expect(await workflow.edges('executed')).toHaveLength(1);
      expect(await workflow.documents('events')).toHaveLength(1);
    });
  });

  /** A client with one connection. */
  const connect = (): { readonly http: HttpClient; readonly torc: TorcClient } => {
    const http = new HttpClient(cluster().cairn, undefined, new Agent({ keepAlive: true, maxSockets: 1 }));
    return { http, torc: new TorcClient(http) };
  };

  const asksForScript = async (client: TorcClient, path: string): Promise<unknown> =>
    documentIn(await client.get(path))['needs_to_run_completion_script'];

  it('of is_complete pass the completion script on to the next caller, at most three times', async () => {
    const workflow = await initialized(torc(), { jobs: [], config: { workflow_completion_script: 'bash out.sh' } });
    const path = workflow.at('/is_complete');
    for (let loss = 0; loss < 3; loss += 1) {
      const { http, torc: ending } = connect();
      expect(await asksForScript(ending, path)).toBe(true);
      http.close();
      // Until the server has noticed, others are told that somebody runs it.
      await eventually(
        async () => documentIn(await workflow.get('/status'))['has_detected_need_to_run_completion_script'],
        false,
      );
    }
    const { http, torc: last } = connect();
    expect(await asksForScript(last, path)).toBe(true);
    http.close();
    await new Promise((resume) => setTimeout(resume, ARRIVAL_MS + 500));
    expect(await asksForScript(torc(), path)).toBe(false);
    await workflow.act('/reset_status');
    expect(await asksForScript(torc(), path)).toBe(true);
  });

  it('of is_complete count as arrived with the next request of the connection, or while it stays open', async () => {
    const workflow = await initialized(torc(), { jobs: [], config: { workflow_completion_script: 'bash out.sh' } });
    const path = workflow.at('/is_complete');
    const asking = connect();
    expect(await asksForScript(asking.torc, path)).toBe(true);
    expect((await asking.torc.get('/ping')).status).toBe(200);
    asking.http.close();
    const waiting = await initialized(torc(), { jobs: [], config: { workflow_completion_script: 'bash out.sh' } });
    const silent = connect();
    expect(await asksForScript(silent.torc, waiting.at('/is_complete'))).toBe(true);
    await new Promise((resume) => setTimeout(resume, ARRIVAL_MS + 500));
    silent.http.close();
    // The server has had time to notice the end of both connections.
    await new Promise((resume) => setTimeout(resume, 300));
    expect(await asksForScript(torc(), path)).toBe(false);
    expect(await asksForScript(torc(), waiting.at('/is_complete'))).toBe(false);
    // With `Connection: close`, an answer has arrived when it is written.
    const closing = await initialized(torc(), { jobs: [], config: { workflow_completion_script: 'bash out.sh' } });
    const http = new HttpClient(cluster().cairn, undefined, new Agent({ keepAlive: false }));
    expect(await asksForScript(new TorcClient(http), closing.at('/is_complete'))).toBe(true);
    await new Promise((resume) => setTimeout(resume, 300));
    expect(await asksForScript(torc(), closing.at('/is_complete'))).toBe(false);
  });

  it('of is_complete before a restart pass the completion script on', async () => {
    const specification = { jobs: [], config: { workflow_completion_script: 'bash out.sh' } };
    const workflow = await initialized(torc(), specification);
    const arrived = await initialized(torc(), specification);
    const { http, torc: ending } = connect();
    expect(await asksForScript(torc(), arrived.at('/is_complete'))).toBe(true);
    expect((await torc().get('/ping')).status).toBe(200);
    await new Promise((resume) => setTimeout(resume, ARRIVAL_MS + 500));
    expect(await asksForScript(ending, workflow.at('/is_complete'))).toBe(true);
    await cluster().cairn.restart({ signal: 'SIGKILL' });
    http.close();
    await eventually(async () => asksForScript(torc(), workflow.at('/is_complete')), true);
    expect(await asksForScript(torc(), arrived.at('/is_complete'))).toBe(false);
  });
});
