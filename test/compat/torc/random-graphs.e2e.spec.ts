import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from '../../chaos/random.js';
import { MODES } from '../../harness/cairn-process.js';
import { documentIn, keyOf, revisionOf } from './answers.js';
import { type RandomWorkflow, randomWorkflow } from './random-graphs/random-workflow.js';
import { runRound, type Totals } from './random-graphs/runners.js';
import { useTorc } from './use-torc.js';

/** `TORC_GRAPHS=50 TORC_GRAPH_JOBS=2000 npm run -s jest -- random-graphs` tries more; the first graphs are always the same. */
const GRAPHS = Number(process.env['TORC_GRAPHS'] ?? 4);
const JOBS_MAX = Number(process.env['TORC_GRAPH_JOBS'] ?? 60);
const JOBS_MIN = 5;
const SEED = 20_261_129;
/** Changes between the runs of one graph. */
const ROUNDS = 6;
const RUNNERS_MAX = 6;
/** Large graphs take longer. */
const TIMEOUT_MS = 180_000 * Math.max(1, JOBS_MAX / 100);

const STATUSES = [
  ...['uninitialized', 'blocked', 'ready', 'scheduled', 'submitted_pending', 'submitted'],
  ...['done', 'terminated', 'canceled', 'disabled'],
];

/** Expects that Cairn shows what the model predicts. */
const compare = async ({ workflow, model, nameOf }: RandomWorkflow, totals: Totals, after: string): Promise<void> => {
  const expected = Object.fromEntries(model.jobs.map(({ status }, place) => [nameOf(place), status]));
  expect({ after, statuses: await workflow.statuses() }).toEqual({ after, statuses: expected });
  const counted = await Promise.all(
    STATUSES.map(async (status) => documentIn(await workflow.get(`/jobs?status=${status}&limit=0`))['total_count']),
  );
  const count = (status: string): number => model.jobs.filter((job) => job.status === status).length;
  expect({ after, counted }).toEqual({ after, counted: STATUSES.map(count) });
  expect(await workflow.get('/is_complete')).toMatchObject({
    json: { is_complete: model.isComplete, is_canceled: model.isCanceled },
  });
  const totalOf = async (path: string): Promise<unknown> =>
    documentIn(await workflow.get(`${path}?limit=0`))['total_count'];
  expect({
    results: await totalOf('/results'),
    returned: await totalOf('/edges/returned'),
    executed: await totalOf('/edges/executed'),
    events: await totalOf('/events'),
  }).toEqual({
    results: totals.completions,
    returned: totals.completions,
    executed: totals.starts,
    events: totals.starts + totals.completions,
  });
};

/** Changes that users make between runs, at random. */
const change = async (subject: RandomWorkflow, random: Random): Promise<string> => {
  const { workflow, model, keys, created, placeOf, nameOf } = subject;
  const place = random.below(keys.length);
  const path = `/jobs/${keys[place] ?? ''}`;
  switch (random.below(6)) {
    case 0: {
      await workflow.act('/reset_job_status?failed_only=true');
      model.resetJobs(true);
      return 'a reset of failed jobs';
    }
    case 1: {
      await workflow.act('/reset_job_status');
      model.resetJobs(false);
      return 'a reset of all jobs';
    }
    case 2: {
      const document = documentIn(await workflow.get(path));
      const run = await workflow.runId();
      const changed = await workflow.put(`${path}/manage_status_change/uninitialized/${revisionOf(document)}/${run}`);
      expect(changed.status).toBe(200);
      model.setByHand(place, 'uninitialized');
      return `a reset of ${nameOf(place)}`;
    }
    case 3: {
      await workflow.setStatus(nameOf(place), 'disabled');
      // PUT has no effect on other jobs.
      Object.assign(model.jobs[place] ?? {}, { status: 'disabled' });
      return `${nameOf(place)} switched off`;
    }
    case 4: {
      const file = random.below(model.versions.length);
      await workflow.change('files', `raw ${file}`, { st_mtime: random.next() });
      model.versions[file] = (model.versions[file] ?? 0) + 1;
      const dry = documentIn(await workflow.post('/process_changed_job_inputs?dry_run=true'))['reinitialized_jobs'];
      const answered = documentIn(await workflow.post('/process_changed_job_inputs'))['reinitialized_jobs'];
      const expected = new Set(model.processChanges());
      expect(answered).toEqual(created.filter((key) => expected.has(placeOf(key))));
      expect(dry).toEqual(answered);
      return `a change of raw ${file}`;
    }
    default: {
      await workflow.act('/prepare_jobs_for_scheduling');
      if (!model.isCanceled) model.schedule();
      return 'scheduling';
    }
  }
};

/** Whatever happens to a graph, its jobs end as the model predicts. */
describe.each(MODES)('random graphs of jobs ($mode)', (mode) => {
  const { cluster, torc } = useTorc(mode);
  const done: RandomWorkflow[] = [];

  it.each(Array.from({ length: GRAPHS }, (_, index) => index))(
    'run as the model predicts (%i)',
    async (index) => {
      const random = new Random(SEED + index);
      const subject = await randomWorkflow(torc(), random, JOBS_MIN + random.below(JOBS_MAX - JOBS_MIN + 1));
      const { workflow, model } = subject;
      const totals: Totals = { starts: 0, completions: 0 };
      for (let round = 0; round < ROUNDS; round += 1) {
        if (random.next() < 0.7) {
          await workflow.startRun((await workflow.runId()) + 1);
          model.startRun();
        }
        if (model.isCanceled) {
          await workflow.act('/reset_status');
          model.isCanceled = false;
        }
        const onlyUninitialized = round > 0 && random.next() < 0.3;
        await workflow.initialize(`?only_uninitialized=${onlyUninitialized}`);
        model.initialize(onlyUninitialized);
        await compare(subject, totals, `initialization ${round}`);
        await runRound(
          subject,
          {
            runners: 1 + random.below(RUNNERS_MAX),
            failures: random.next() < 0.3 ? 0 : 0.15,
            crashes: random.next() < 0.5 ? 0 : 0.05,
            cancelAfter: random.next() < 0.3 ? random.below(model.jobs.length) : undefined,
          },
          totals,
          random,
        );
        await compare(subject, totals, `run ${round}`);
        for (let changes = random.below(3); changes > 0; changes -= 1) {
          await compare(subject, totals, await change(subject, random));
        }
      }
      // Without failures every graph ends complete.
      await workflow.act('/reset_status');
      model.isCanceled = false;
      await workflow.act('/reset_job_status');
      model.resetJobs(false);
      await workflow.initialize();
      model.initialize(false);
      await runRound(
        subject,
        { runners: RUNNERS_MAX, failures: 0, crashes: 0, cancelAfter: undefined },
        totals,
        random,
      );
      await compare(subject, totals, 'the last run');
      expect(model.jobs.every(({ status }) => status === 'done')).toBe(true);
      done.push(subject);
    },
    TIMEOUT_MS,
  );

  it('are the same bytes after the read models were deleted and rebuilt', async () => {
    expect(done).toHaveLength(GRAPHS);
    const paths = done.flatMap(({ workflow, keys }) =>
      [
        ...['', '/jobs', '/files', '/results', '/events', '/compute_nodes', '/status', '/config', '/job_keys'],
        ...[
          '/edges/blocks',
          '/edges/needs',
          '/edges/produces',
          '/edges/executed',
          '/edges/returned',
          '/job_specifications',
        ],
        ...['/jobs?status=done&sort_by=name&limit=20', `/downstream_jobs/${keys[0] ?? ''}`, '/required_existing_files'],
        ...['/dot_graph/job_job_dependencies', '/ready_job_requirements', `/results/find_by_job/${keys[1] ?? ''}`],
      ].map((path) => workflow.at(path)),
    );
    const answers = async (): Promise<readonly (readonly [string, string])[]> =>
      Promise.all(paths.map(async (path) => [path, await torc().text(path)] as const));
    const before = await answers();
    const { cairn } = cluster();
    await cairn.restart({ meanwhile: () => rm(join(cairn.dataDir, 'read-models'), { recursive: true }) });
    expect(await answers()).toEqual(before);
    // And the workflows go on.
    const [first] = done;
    if (first === undefined) throw new Error('no graph');
    const added = await first.workflow.added('jobs', { name: 'added', command: 'c' });
    expect(first.keys).not.toContain(keyOf(added));
  });
});
