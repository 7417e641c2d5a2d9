import { eventually } from '#platform/testing/eventually.js';
import { MODES } from '../../harness/cairn-process.js';
import { useTestCluster, VARIABLES } from '../../harness/test-cluster.js';
import { type Envelope, identified, ok, PANDA_VARIABLES, PandaClient, PRODUCTION } from './panda-client.js';
import { jobIs, outputReport, taskIs } from './story.js';

interface Range {
  readonly eventRangeID: string;
  readonly startEvent: number;
  readonly lastEvent: number;
}

interface PilotJob {
  readonly PandaID: number;
  readonly jobsetID: number;
  readonly outFiles: string;
  readonly inFiles: string;
  readonly transformation: string;
  readonly jobPars: string;
  readonly cloneJob?: string;
}

const output = {
  type: 'template',
  param_type: 'output',
  value: 'user.es.$JEDITASKID._${SN/P}.out',
  dataset: 'user.es.out',
  hidden: true,
};

const document = {
  ...{ taskName: 'user.es', vo: 'wlcg', prodSourceLabel: 'user', taskType: 'anal', processingType: 'test' },
  ...{ architecture: '', transUses: '', transHome: '', noInput: true, skipScout: true },
  ...{ nEvents: 250, nEventsPerJob: 250, nEventsPerWorker: 100, nEsConsumers: 2 },
  esmergeSpec: { transPath: 'merge.py', jobParameters: '--all $JEDITASKID -o ${OUTPUT0}' },
  jobParameters: [output],
  log: { ...output, param_type: 'log', value: 'user.es.log.$JEDITASKID.${SN}.tgz', dataset: 'user.es.log' },
};

describe.each(MODES)("PanDA's event service ($mode)", (mode) => {
  const cluster = useTestCluster(mode, () => ({ ...VARIABLES, ...PANDA_VARIABLES }));
  let alice: PandaClient;
  let pilot: PandaClient;

  beforeAll(() => {
    const { anonymous } = cluster();
    alice = new PandaClient(anonymous, identified('Alice Demo'));
    pilot = new PandaClient(anonymous, identified('Pilot', PRODUCTION));
  });

  const take = async (count: number): Promise<readonly PilotJob[]> => {
    const request = { site_name: 'LOCAL', prod_source_label: 'user' };
    const jobs: PilotJob[] = [];
    await eventually(async () => {
      const { data } = await pilot.post('pilot/acquire_jobs', { ...request, n_jobs: count - jobs.length });
      jobs.push(...((data as { jobs: readonly PilotJob[] } | null)?.jobs ?? []));
      return jobs.length;
    }, count);
    return jobs;
  };
  const report = (job_id: number, job_status: string, more: object = {}): Promise<Envelope> =>
    pilot.post('pilot/update_job', { job_id, job_status, ...more });
  const commandTo = (command: string): Envelope => ok({ StatusCode: 0, command });
  const claim = async (count: number): Promise<readonly PilotJob[]> => {
    const jobs = await take(count);
    for (const { PandaID } of jobs) expect(await report(PandaID, 'running')).toEqual(commandTo('NULL'));
    return jobs;
  };
  const submit = async (more: object): Promise<number> =>
    Number((await alice.post('task/submit', { task_parameters: { ...document, ...more } })).data);

  const acquire = async ({ PandaID, jobsetID }: PilotJob, count: number): Promise<readonly Range[]> => {
    const request = { job_id: PandaID, jobset_id: jobsetID, n_ranges: count };
    return ((await pilot.post('event/acquire_event_ranges', request)).data as { eventRanges: readonly Range[] })
      .eventRanges;
  };

  it('runs a task of consumers and a merge job to its end', async () => {
    const task_id = (await alice.post('task/submit', { task_parameters: document })).data;
    const [first, second] = (await claim(2)) as [PilotJob, PilotJob];
    const ranges = await acquire(first, 2);
    expect(ranges.map(({ startEvent, lastEvent }) => [startEvent, lastEvent])).toEqual([
      [1, 100],
      [101, 200],
    ]);
    const eventRanges = ranges.map(({ eventRangeID }) => ({ eventRangeID, eventStatus: 'finished' }));
    const zipFile = { lfn: 'premerge.zip', objstoreID: '3/1000' };
    const report = { event_ranges: JSON.stringify([{ zipFile, eventRanges }]), version: 1 };
    const reply = {
      ...{ StatusCode: 0, Returns: [true, true], Commands: { [first.PandaID]: null } },
      Command: `{"${first.PandaID}": null}`,
    };
    expect((await pilot.post('event/update_event_ranges', report)).data).toEqual(reply);
    expect((await pilot.post('event/update_event_ranges', report)).data).toEqual(reply);
    await pilot.post('pilot/update_job', { job_id: first.PandaID, job_status: 'finished' });
    const [last] = (await acquire(second, 9)) as [Range];
    const single = { event_range_id: last.eventRangeID, event_range_status: 'finished' };
    expect((await pilot.post('event/update_single_event_range', single)).success).toBe(true);
    await pilot.post('pilot/update_job', { job_id: second.PandaID, job_status: 'finished' });
    const [merge] = (await claim(1)) as [PilotJob];
    expect(merge).toMatchObject({ jobsetID: first.jobsetID, transformation: 'merge.py', inFiles: 'premerge.zip' });
    const names = merge.outFiles.split(',');
    expect(merge.jobPars).toBe(`--all ${String(task_id)} -o ${names[0]}`);
    const outputs = names.map((lfn) => [lfn, { guid: 'A', fsize: 1, adler32: '0a1b2c3d' }] as const);
    await pilot.post('pilot/update_job', {
      ...{ job_id: merge.PandaID, job_status: 'finished' },
      job_output_report: JSON.stringify(Object.fromEntries(outputs)),
    });
    await taskIs(alice, Number(task_id), 'done');
    const pairs = { job_task_ids: JSON.stringify([{ task_id, job_id: second.PandaID }]) };
    expect((await alice.get('event/get_event_range_statuses', pairs)).data).toEqual({
      [second.PandaID]: { [last.eventRangeID]: { status: 'merged', error: null, dialog: null } },
    });
    const unknown = { eventRangeID: `${String(task_id)}-999999-999999-1-1`, eventStatus: 'finished' };
    expect(await pilot.legacy('updateEventRange', unknown)).toEqual({
      ...{ StatusCode: 30, errorDialog: 'database error in the PanDA server' },
      Command: '{"999999": "tobekilled"}',
    });
  });

  it.each(['runonce', 'storeonce'])('runs clones of a job until the first has won (%s)', async (mode) => {
    const cloning = { useJobCloning: mode, nEventsPerWorker: null, nEsConsumers: null, esmergeSpec: null };
    const task_id = await submit({ ...cloning, taskName: `user.${mode}`, nEvents: 1, nEventsPerJob: 1 });
    const [winner, loser] = (await take(2)) as [PilotJob, PilotJob];
    expect(winner).toMatchObject({ cloneJob: mode, jobsetID: loser.jobsetID });
    expect(await report(winner.PandaID, 'running')).toEqual(commandTo('NULL'));
    const running = await report(loser.PandaID, 'running');
    expect(running).toEqual(commandTo(mode === 'runonce' ? 'tobekilled' : 'NULL'));
    await report(winner.PandaID, 'finished', { job_output_report: outputReport(winner) });
    await jobIs(alice, [winner.PandaID], 'finished');
    await taskIs(alice, task_id, 'done');
    expect(await report(loser.PandaID, 'running')).toEqual(commandTo('tobekilled'));
    const { data } = await alice.post('job/get_description', { job_ids: [loser.PandaID] });
    expect(data).toEqual([expect.objectContaining({ jobStatus: 'closed', taskBufferErrorCode: 200 })]);
  });

  it('lets a jumbo job take ranges of the whole task', async () => {
    const task_id = await submit({ taskName: 'user.jumbo', nEvents: 200, nEventsPerJob: 100, nEsConsumers: 1 });
    const enabled = await pilot.post('task/enable_jumbo_jobs', { task_id, jumbo_jobs_total: 1 });
    expect(enabled).toEqual(ok(0, 'done'));
    const jobs = await claim(3);
    const jumbo = jobs.find(({ jobsetID }) => jobsetID === task_id);
    const consumers = jobs.filter((job) => job !== jumbo);
    if (jumbo === undefined) throw new Error('no jumbo job');
    const counted = { job_id: jumbo.PandaID, jobset_id: jumbo.jobsetID, task_id };
    expect(await pilot.get('event/get_available_event_range_count', counted)).toEqual(ok(2));
    const request = { ...counted, n_ranges: 9 };
    const { data } = await pilot.post('event/acquire_event_ranges', request);
    const { eventRanges: ranges } = data as { eventRanges: readonly Range[] };
    expect(ranges.map(({ startEvent, lastEvent }) => [startEvent, lastEvent])).toEqual([
      [1, 100],
      [101, 200],
    ]);
    const event_ranges = JSON.stringify(
      ranges.map(({ eventRangeID }) => ({ eventRangeID, eventStatus: 'finished', objstoreID: 3 })),
    );
    expect((await pilot.post('event/update_event_ranges', { event_ranges })).data).toMatchObject({
      Returns: [true, true],
    });
    await report(jumbo.PandaID, 'finished');
    for (const { PandaID } of consumers) await report(PandaID, 'finished');
    for (const merge of await claim(2)) {
      await report(merge.PandaID, 'finished', { job_output_report: outputReport(merge) });
    }
    await taskIs(alice, task_id, 'done');
  });
});
