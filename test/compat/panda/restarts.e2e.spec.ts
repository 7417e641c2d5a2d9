import { eventually } from '#platform/testing/eventually.js';
import { MODES } from '../../harness/cairn-process.js';
import { ok } from './panda-client.js';
import { acquire, finish, jobIs, NULL_COMMAND, type PilotJob, submitTask, taskIs } from './story.js';
import { usePanda } from './use-panda.js';

/** PanDA contract 15.5, 15.7, 15.8, 15.12: nothing is lost or done twice, whatever ends and repeats. */
describe.each(MODES)('a task through a restart ($mode)', (mode) => {
  const { cluster, user, production, pilot } = usePanda(mode);

  it('loses nothing when all processes are killed', async () => {
    const id = await submitTask(user(), { nEvents: 3 });
    const [first, second, third] = await acquire(pilot(), id, 3);
    if (first === undefined || second === undefined || third === undefined) throw new Error('no jobs');
    expect(await finish(pilot(), first)).toEqual(ok(NULL_COMMAND));
    expect(await pilot().post('pilot/update_job', { job_id: second.PandaID, job_status: 'running' })).toEqual(
      ok(NULL_COMMAND),
    );
    expect(await user().post('job/kill', { job_ids: [third.PandaID] })).toEqual(ok([true]));
    await cluster().cairn.restart({ signal: 'SIGKILL' });
    await jobIs(user(), [first.PandaID], 'finished');
    await jobIs(user(), [second.PandaID], 'running');
    expect(await finish(pilot(), second)).toEqual(ok(NULL_COMMAND));
    // The killed one is made again, and nothing else.
    const [again] = await acquire(pilot(), id, 1);
    if (again === undefined) throw new Error('no job');
    expect([first, second, third].map(({ PandaID }) => PandaID)).not.toContain(again.PandaID);
    expect(await finish(pilot(), again)).toEqual(ok(NULL_COMMAND));
    await taskIs(user(), id, 'done');
    expect(await user().get('task/get_details', { task_id: id })).toMatchObject({ data: { statistics: 'finished*3' } });
  });

  it('changes nothing by reports that repeat or come out of order', async () => {
    const id = await submitTask(user(), { nEvents: 1, maxAttempt: 1 });
    const [job] = await acquire(pilot(), id, 1);
    if (job === undefined) throw new Error('no job');
    const { PandaID: job_id } = job;
    const report = async (job_status: string): Promise<unknown> =>
      (await pilot().post('pilot/update_job', { job_id, job_status, attempt_nr: 1 })).data;
    expect(await report('running')).toEqual(NULL_COMMAND);
    expect(await finish(pilot(), job)).toEqual(ok(NULL_COMMAND));
    for (const status of ['failed', 'running', 'starting', 'finished']) {
      expect(['NULL', 'alreadydone', 'tobekilled']).toContain(((await report(status)) as { command: string }).command);
    }
    await jobIs(user(), [job_id], 'finished');
    await taskIs(user(), id, 'done');
    expect(await report('running')).toEqual({ StatusCode: 0, command: 'tobekilled' });
    // The answer to the first one may have been lost.
    for (const status of ['failed', 'finished']) {
      expect(await report(status)).toEqual({ StatusCode: 0, command: 'alreadydone' });
    }
    await jobIs(user(), [job_id], 'finished');
    // A report of another attempt is none of this job.
    expect(await pilot().post('pilot/update_job', { job_id, job_status: 'failed', attempt_nr: 9 })).toEqual(
      ok({ StatusCode: 0, command: 'tobekilled' }),
    );
  });

  it('gives no job twice, and none while it is paused', async () => {
    const id = await submitTask(user(), { nEvents: 9 });
    await eventually(async () => {
      const { data } = await user().get('task/get_job_ids', { task_id: id });
      return (data as readonly number[]).length;
    }, 9);
    const ask = async (): Promise<readonly PilotJob[]> => {
      const { data } = await pilot().post('pilot/acquire_jobs', {
        site_name: 'SITE_A',
        task_id: id,
        prod_source_label: 'user',
      });
      return (data as { jobs?: readonly PilotJob[] } | null)?.jobs ?? [];
    };
    expect(await production().post('task/pause', { task_id: id })).toMatchObject({ success: true, data: 0 });
    await taskIs(user(), id, 'paused');
    expect((await Promise.all(Array.from({ length: 10 }, ask))).flat()).toEqual([]);
    expect(await production().post('task/resume', { task_id: id })).toMatchObject({ success: true, data: 0 });
    const taken: PilotJob[] = [];
    await eventually(async () => {
      taken.push(...(await Promise.all(Array.from({ length: 50 }, ask))).flat());
      return taken.length;
    }, 9);
    expect(new Set(taken.map(({ PandaID }) => PandaID)).size).toBe(9);
    await user().post('task/kill', { task_id: id });
  });
});
