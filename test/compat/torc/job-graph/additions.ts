import type { ExpectAnswer } from '../../exact-answers.js';
import { type Document, documentIn, idOf, jobsIn, keyOf, ok, refused } from '../answers.js';
import type { TorcClient } from '../torc-client.js';
import { initialized, job, newWorkflow } from '../workflow.js';

/** What Cairn adds to the job graph: optional fields, and a route of its own. */
export const additions = (torc: () => TorcClient, expectAnswer: ExpectAnswer): void => {
  it('a job with a failure handler is retried in the same run', async () => {
    const failure_handler = { rules: [{ exit_codes: [75], max_retries: 1 }] };
    const workflow = await initialized(torc(), {
      jobs: [job('A', { failure_handler }), job('B', { blocked_by: ['A'] })],
    });
    await workflow.completed('A', 75);
    expectAnswer(await workflow.statuses(), { A: 'ready', B: 'blocked' });
    await workflow.completed('A', 75);
    expectAnswer(await workflow.statuses(), { A: 'done', B: 'canceled' });
    expectAnswer({ results: (await workflow.documents('results')).length }, { results: 2 });
  });

  it('some jobs are restarted in the same run, while others run on', async () => {
    const workflow = await initialized(torc(), {
      jobs: [job('A'), job('B', { blocked_by: ['A'] }), job('C'), job('D', { blocked_by: ['C'] })],
    });
    await workflow.completed('A', 1);
    const [claimed] = jobsIn(await workflow.claim());
    if (claimed !== undefined) await workflow.start(claimed);
    const restart = (body: object) => torc().post(`/cairn/torc/workflows/${workflow.key}/restart_jobs`, body);
    const [a, b, c, d] = await Promise.all(['A', 'B', 'C', 'D'].map((name) => workflow.job(name)));
    if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error('no jobs');
    const both = { jobs: [keyOf(a), idOf(c)] };
    expectAnswer(await restart({ ...both, dry_run: true }), ok({ jobs: [a, b, c, d].map(keyOf), running: [keyOf(c)] }));
    expectAnswer(await restart(both), refused(400), 'one runs');
    expectAnswer(await restart({ jobs: ['999'] }), refused(404));
    expectAnswer(await workflow.statuses(), { A: 'done', B: 'canceled', C: 'submitted', D: 'blocked' });
    expectAnswer(await restart({ jobs: [keyOf(a)] }), ok({ jobs: [a, b].map(keyOf), running: [] }));
    expectAnswer(await workflow.statuses(), { A: 'ready', B: 'blocked', C: 'submitted', D: 'blocked' });
    await workflow.completed('A');
    expectAnswer(await workflow.statuses(), { A: 'done', B: 'ready', C: 'submitted', D: 'blocked' });
  });

  it('a claim that was lost is handed out again where the config says when', async () => {
    const workflow = await initialized(torc(), { jobs: [job('A')] });
    const [claimed] = jobsIn(await workflow.claim());
    const config = documentIn(await workflow.get('/config'));
    await workflow.written('/config', { ...config, claim_timeout_seconds: 3600 });
    expectAnswer({ jobs: jobsIn(await workflow.claim()).length }, { jobs: 0 });
    const later = documentIn(await workflow.get('/config'));
    await workflow.written('/config', { ...later, claim_timeout_seconds: 1 });
    let again = jobsIn(await workflow.claim());
    for (let tries = 0; again.length === 0 && tries < 50; tries += 1) {
      await new Promise((resume) => setTimeout(resume, 100));
      again = jobsIn(await workflow.claim());
    }
    expectAnswer({ again: again.map(keyOf) }, { again: claimed === undefined ? [] : [keyOf(claimed)] });
    if (claimed !== undefined) expectAnswer(await workflow.start(claimed), refused(409));
  });

  it('an action is carried out by one worker in each run, and by another when that one is silent', async () => {
    const workflow = await newWorkflow(torc(), {
      jobs: [job('A')],
      actions: [{ trigger_type: 'on_workflow_start', action_type: 'run_commands', commands: ['c'] }],
    });
    const path = `/cairn/torc/workflows/${workflow.key}/actions`;
    const claim = (body: object) => torc().post(`${path}/1/claim`, body);
    const complete = (worker: string, successful = true) => torc().post(`${path}/1/complete`, { worker, successful });
    const has = (field: string, value: string) => ({
      status: 200,
      json: expect.objectContaining({ [field]: value }) as unknown,
    });
    const state = async () => (documentIn(await torc().get(path))['items'] as readonly Document[])[0]?.['state'];
    expectAnswer({ state: await state() }, { state: 'waiting' });
    expectAnswer(await claim({ worker: 'one' }), refused(400), 'not due');
    await workflow.startRun(1);
    await workflow.initialize();
    expectAnswer({ state: await state() }, { state: 'due' });
    expectAnswer(await claim({ worker: 'one', lease_seconds: -1 }), refused(400));
    expectAnswer(await complete('one'), refused(409), 'not claimed');
    expectAnswer(await claim({ worker: 'one', lease_seconds: 3600 }), has('worker', 'one'));
    expectAnswer(await claim({ worker: 'two' }), refused(409));
    // Who has it may also have it for a shorter time.
    expectAnswer(await claim({ worker: 'one', lease_seconds: 0.001 }), has('state', 'claimed'));
    await new Promise((resume) => setTimeout(resume, 20));
    expectAnswer({ state: await state() }, { state: 'due' });
    await workflow.put('/cancel');
    expectAnswer(await claim({ worker: 'two' }), refused(400), 'not due in a canceled workflow');
    await workflow.post('/reset_status');
    expectAnswer(await claim({ worker: 'two' }), has('taken_from', 'one'));
    expectAnswer(await claim({ worker: 'one' }), refused(409));
    expectAnswer(await complete('one'), refused(409));
    expectAnswer(await complete('two', false), has('state', 'failed'));
    expectAnswer(await complete('two'), has('state', 'failed'), 'the first report counts');
    expectAnswer(await claim({ worker: 'three' }), refused(409), 'it is carried out');
    await workflow.startRun(2);
    expectAnswer({ state: await state() }, { state: 'waiting' }, 'jobs are as the run before has left them');
    await workflow.initialize();
    expectAnswer({ state: await state() }, { state: 'due' });
  });
};
