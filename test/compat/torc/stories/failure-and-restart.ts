import type { ExpectAnswer } from '../../exact-answers.js';
import {
  aRevision,
  carriedOut,
  type Document,
  documentIn,
  idOf,
  jobsIn,
  keyOf,
  list,
  ok,
  refused,
  revisionOf,
  someText,
} from '../answers.js';
import type { TorcClient } from '../torc-client.js';
import { job, newWorkflow, type Workflow } from '../workflow.js';

const SMALL_WORKER = { num_cpus: 4, memory_gb: 8, num_gpus: 0, num_nodes: 1 };

/** What a worker does with one claimed job: start and complete it. */
const run = async (workflow: Workflow, claimed: Document, returnCode: number): Promise<Document> => {
  const started = documentIn(await workflow.start(claimed));
  expect(started).toMatchObject({ status: 'submitted' });
  return workflow.completed(String(claimed['name']), returnCode, { revision: revisionOf(started) });
};

const names = (jobs: readonly Document[]): readonly unknown[] => jobs.map(({ name }) => name);

/** `workflows start`, `workflows restart`: contract 7.2, 7.6. */
export const failureAndRestart = (torc: () => TorcClient, expectAnswer: ExpectAnswer): void => {
  it('a workflow fails in the middle and is restarted', async () => {
    const client = torc();
    const workflow = await newWorkflow(client, {
      files: ['raw', 'clean', 'plot'].map((name) => ({ name, path: `${name}.nc` })),
      jobs: [
        job('clean', { input_files: ['raw'], output_files: ['clean'] }),
        job('plot', { input_files: ['clean'], output_files: ['plot'] }),
        job('report', { input_files: ['plot'] }),
        job('aside'),
      ],
    });
    // Start (7.2).
    for (const status of ['submitted', 'submitted_pending', 'done']) {
      expectAnswer(await workflow.get(`/jobs?limit=1&status=${status}`), list([]), status);
    }
    expectAnswer(await workflow.get('/missing_user_data'), ok({ user_data: [] }));
    const raw = await workflow.named('files', 'raw');
    expectAnswer(await workflow.get('/required_existing_files'), ok({ files: [idOf(raw)] }));
    expectAnswer(await workflow.post('/reset_status'), carriedOut);
    expectAnswer(await workflow.post('/reset_job_status'), carriedOut);
    await workflow.startRun(1);
    expectAnswer(await workflow.post('/initialize_jobs?only_uninitialized=false'), carriedOut);
    expectAnswer(await workflow.statuses(), { clean: 'ready', plot: 'blocked', report: 'blocked', aside: 'ready' });

    // First run: `plot` fails, `report` is never run.
    const firstClaim = await workflow.claim(SMALL_WORKER);
    expect(names(jobsIn(firstClaim))).toEqual(['clean', 'aside']);
    for (const each of jobsIn(firstClaim)) await run(workflow, each, 0);
    expectAnswer(await workflow.statuses(), { clean: 'done', plot: 'ready', report: 'blocked', aside: 'done' });
    const secondClaim = await workflow.claim(SMALL_WORKER);
    expect(names(jobsIn(secondClaim))).toEqual(['plot']);
    for (const each of jobsIn(secondClaim)) await run(workflow, each, 3);
    expectAnswer(await workflow.statuses(), { clean: 'done', plot: 'done', report: 'canceled', aside: 'done' });
    const complete = ok({ is_canceled: false, is_complete: true, needs_to_run_completion_script: false });
    expectAnswer(await workflow.get('/is_complete'), complete);
    expectAnswer(await workflow.claim(SMALL_WORKER), ok({ jobs: [], reason: someText }));
    const plotKey = keyOf(await workflow.job('plot'));
    const failed = await workflow.get('/results?skip=0&return_code=3');
    const failure = { job_key: plotKey, run_id: 1, return_code: 3, exec_time_minutes: 0.25, status: 'done' };
    expectAnswer(
      failed,
      list([workflow.stored('results', { ...failure, completion_time: '2026-03-01T09:27:31.004512' })]),
    );

    // reset-status --failed-only, then restart (7.7, 7.6).
    expectAnswer(await workflow.post('/reset_status'), carriedOut);
    expectAnswer(await workflow.post('/reset_job_status?failed_only=true'), carriedOut);
    expectAnswer(await workflow.statuses(), {
      ...{ clean: 'done', plot: 'uninitialized', report: 'uninitialized', aside: 'done' },
    });
    await workflow.startRun(2);
    expectAnswer(await workflow.post('/reset_status'), carriedOut);
    expectAnswer(await workflow.get('/status'), ok({ ...documentIn(await workflow.get('/status')), run_id: 2 }));
    expectAnswer(await workflow.post('/process_changed_job_inputs?dry_run=false'), ok({ reinitialized_jobs: [] }));
    expectAnswer(await workflow.post('/initialize_jobs?only_uninitialized=false'), carriedOut);
    expectAnswer(await workflow.statuses(), { clean: 'done', plot: 'ready', report: 'blocked', aside: 'done' });

    // Second run.
    for (const name of ['plot', 'report']) {
      const claim = await workflow.claim(SMALL_WORKER);
      expect(names(jobsIn(claim))).toEqual([name]);
      for (const each of jobsIn(claim)) await run(workflow, each, 0);
    }
    expectAnswer(await workflow.get('/is_complete'), complete);
    expect((await workflow.documents('results')).map(({ run_id, return_code }) => [run_id, return_code])).toEqual([
      ...[
        [1, 0],
        [1, 0],
        [1, 3],
      ],
      ...[
        [2, 0],
        [2, 0],
      ],
    ]);
    expectAnswer(await workflow.get('/results?run_id=2&limit=0'), list([], { total: 2 }));
    const newest = await workflow.get(`/results/find_by_job/${plotKey}`);
    expect(newest).toMatchObject({ status: 200, json: { run_id: 2, return_code: 0 } });
    expectAnswer(await workflow.get(`/results/find_by_job/${keyOf(await workflow.job('clean'))}`), refused(404));
    const executed = await workflow.edges('executed');
    expect(executed.map(({ data }) => data)).toEqual([1, 1, 1, 2, 2].map((runId) => ({ run_id: runId })));
  });

  it('a restart after a changed input reruns what depends on it', async () => {
    const client = torc();
    const workflow = await newWorkflow(client, {
      files: ['raw', 'clean', 'plot', 'other'].map((name) => ({ name, path: `${name}.nc` })),
      jobs: [
        job('clean', { input_files: ['raw'], output_files: ['clean'] }),
        job('plot', { input_files: ['clean'], output_files: ['plot'] }),
        job('aside', { input_files: ['other'] }),
      ],
    });
    await workflow.startRun(1);
    await workflow.initialize();
    for (const name of ['clean', 'plot', 'aside']) await workflow.completed(name);
    const [clean, plot] = [await workflow.job('clean'), await workflow.job('plot')];

    // restart: the client writes the file and resets the jobs that need it (7.6).
    await workflow.startRun(2);
    const raw = await workflow.change('files', 'raw', { st_mtime: 1772355300.2321782 });
    expectAnswer(await workflow.get(`/jobs/find_by_needs_file/${keyOf(raw)}?skip=0`), list([clean]));
    expectAnswer(await workflow.get(`/downstream_jobs/${keyOf(clean)}`), list([plot]));
    const dry = await workflow.post('/process_changed_job_inputs?dry_run=true');
    expectAnswer(dry, ok({ reinitialized_jobs: [keyOf(clean), keyOf(plot)] }));
    const manage = (of: Document): string =>
      `/jobs/${keyOf(of)}/manage_status_change/uninitialized/${revisionOf(of)}/2`;
    expectAnswer(await workflow.put(manage(clean)), ok({ ...clean, status: 'uninitialized', _rev: aRevision }));
    expectAnswer(await workflow.statuses(), { clean: 'uninitialized', plot: 'uninitialized', aside: 'done' });
    // With several lost outputs the client sends revisions of a list from before (D13).
    const untouched = await workflow.job('plot');
    expectAnswer(await workflow.put(manage(plot)), ok(untouched));
    expectAnswer(await workflow.get('/jobs/find_by_status/done'), list([await workflow.job('aside')]));
    expectAnswer(await workflow.post('/process_changed_job_inputs?dry_run=false'), ok({ reinitialized_jobs: [] }));
    await workflow.initialize('?only_uninitialized=false');
    expectAnswer(await workflow.statuses(), { clean: 'ready', plot: 'blocked', aside: 'done' });
    for (const type of ['restart', 'restart']) await workflow.added('events', { category: 'workflow', type });
    await workflow.completed('clean');
    await workflow.completed('plot');
    expectAnswer(await workflow.post('/process_changed_job_inputs'), ok({ reinitialized_jobs: [] }));
    expectAnswer(await workflow.statuses(), { clean: 'done', plot: 'done', aside: 'done' });
    // A stale revision is 400 here, a wrong run id too (5.10).
    const stale = await workflow.job('clean');
    const current = documentIn(await workflow.put(`/jobs/${keyOf(stale)}`, stale));
    const change = (status: string, revision: string, runId: number | string): string =>
      `/jobs/${keyOf(stale)}/manage_status_change/${status}/${revision}/${runId}`;
    expect(revisionOf(current)).not.toBe(revisionOf(stale));
    expectAnswer(await workflow.put(change('uninitialized', revisionOf(stale), 2)), refused(400), 'stale');
    expectAnswer(await workflow.put(change('uninitialized', revisionOf(current), 1)), refused(400), 'run id');
    expectAnswer(await workflow.put(change('uninitialized', revisionOf(current), 'x')), refused(400), 'not a run id');
    expectAnswer(await workflow.put(change('gone', revisionOf(current), 2)), refused(400), 'status');
    expectAnswer(await workflow.put(`/jobs/nobodys/manage_status_change/ready/r/2`), refused(404));
    expectAnswer(await workflow.get(`/jobs/${keyOf(stale)}`), ok(current));
  });

  it('an archived workflow is neither started nor reset', async () => {
    const workflow = await newWorkflow(torc(), { jobs: [job('a')] });
    const document = documentIn(await workflow.get());
    const archived = await workflow.put('', { ...document, is_archived: true });
    expectAnswer(archived, ok({ ...document, is_archived: true, _rev: aRevision }));
    const before = await workflow.torc.text(workflow.at('/jobs'));
    for (const action of ['initialize_jobs', 'reset_status', 'reset_job_status']) {
      expectAnswer(await workflow.post(`/${action}`), refused(400), action);
    }
    expect(await workflow.torc.text(workflow.at('/jobs'))).toBe(before);
    const opened = documentIn(await workflow.put('', { ...documentIn(archived), is_archived: false }));
    expect(opened).toMatchObject({ is_archived: false });
    expectAnswer(await workflow.post('/initialize_jobs'), carriedOut);
  });
};
