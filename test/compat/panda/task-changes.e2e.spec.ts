import { MODES } from '../../harness/cairn-process.js';
import { type Envelope, ok, refused } from './panda-client.js';
import { acquire, submitTask, taskIs } from './story.js';
import { usePanda } from './use-panda.js';

const ROLE = refused('production or pilot role required');
const OWNER = refused('not the task owner or no production role');
const UNKNOWN = 99;

const registered = (command: string, id: number): Envelope =>
  ok(0, `command=${command} is registered for task ID ${id}. will be executed in a few minutes`);

/** The functions of module `task` that write (PanDA contract 6.10). */
describe.each(MODES)('changes of tasks ($mode)', (mode) => {
  const { user, other, production, pilot } = usePanda(mode);

  describe('commands', () => {
    it.each(['pause', 'resume', 'release', 'avalanche'])('%s is for the production role', async (name) => {
      expect(await user().post(`task/${name}`, { task_id: UNKNOWN })).toEqual(ROLE);
      expect(await production().post(`task/${name}`, { task_id: UNKNOWN })).toEqual(
        refused(`jediTaskID=${UNKNOWN} not found`, 2),
      );
    });

    it.each(['retry', 'kill', 'finish', 'reload_input', 'reassign'])('%s is for the owner', async (name) => {
      const id = await submitTask(user());
      expect(await other().post(`task/${name}`, { task_id: id })).toEqual(OWNER);
      expect(await other().post(`task/${name}`, { task_id: UNKNOWN })).toEqual(OWNER);
      expect(await production().post(`task/${name}`, { task_id: UNKNOWN })).toEqual(
        refused(`jediTaskID=${UNKNOWN} not found`, 2),
      );
    });

    it('stop and go on', async () => {
      const id = await submitTask(user());
      await taskIs(user(), id, 'scouting');
      expect(await production().post('task/pause', { task_id: id })).toEqual(registered('pause', id));
      await taskIs(user(), id, 'paused');
      expect(
        (await pilot().post('pilot/acquire_jobs', { site_name: 'SITE_A', prod_source_label: 'user', task_id: id }))
          .success,
      ).toBe(false);
      expect(await production().post('task/pause', { task_id: id })).toEqual(
        refused('Command rejected: the pause command is not accepted if the task is in paused status ', 4),
      );
      expect(await production().post('task/resume', { task_id: id })).toEqual(registered('resume', id));
      await taskIs(user(), id, 'scouting');
      expect(await acquire(pilot(), id, 3)).toHaveLength(3);
    });

    it('end a task, also softly', async () => {
      const id = await submitTask(user());
      await taskIs(user(), id, 'scouting');
      expect(await user().post('task/finish', { task_id: id, soft: true, broadcast: false })).toEqual(
        registered('finish', id),
      );
      await taskIs(user(), id, 'failed');
      expect(await user().post('task/retry', { task_id: id, no_child_retry: true })).toEqual(registered('retry', id));
      await taskIs(user(), id, 'scouting');
      expect(await user().post('task/kill', { task_id: id })).toEqual(registered('kill', id));
      await taskIs(user(), id, 'aborted');
      expect(await user().post('task/reload_input', { task_id: id })).toEqual(registered('incexec', id));
      await taskIs(user(), id, 'scouting');
    });

    it('place a task elsewhere', async () => {
      const id = await submitTask(user());
      await taskIs(user(), id, 'scouting');
      expect(await user().post('task/reassign', { task_id: id, site: '', mode: 'nokill' })).toEqual(
        registered('reassign', id),
      );
      await taskIs(user(), id, 'scouting');
      expect(await user().post('task/reassign', { task_id: id, site: 'NOWHERE', soft: false })).toEqual(
        registered('reassign', id),
      );
      await taskIs(user(), id, 'pending');
    });

    it('retry with other parameters', async () => {
      const id = await submitTask(user(), { nEvents: 1 });
      await taskIs(user(), id, 'scouting');
      const text = 'retry has been triggered for failed jobs while the task is still scouting';
      expect(await user().post('task/retry', { task_id: id })).toEqual(ok(0, text));
      expect(await user().post('task/retry', { task_id: id, new_parameters: { nMaxFilesPerJob: 5 } })).toEqual(
        ok(3, text),
      );
      expect(await user().post('task/retry', { task_id: id, new_parameters: '{"nFiles": 5}' })).toEqual(ok(3, text));
      const { success, data } = await user().post('task/retry', { task_id: id, new_parameters: '{' });
      expect([success, data]).toEqual([false, 1]);
    });
  });

  describe('changes at once', () => {
    const CHANGED = ok(null, '1 tasks changed');
    const cases: readonly (readonly [name: string, parameters: object])[] = [
      ['change_attribute', { attribute_name: 'ramCount', value: 4000 }],
      ['change_priority', { priority: 950 }],
      ['change_modification_time', { positive_hour_offset: 3 }],
      ['change_modification_time', { hour_offset: -3 }],
      ['change_split_rule', { attribute_name: 'NF', value: 5 }],
      ['change_split_rule', { attribute_name: 'NF', value: 'None' }],
      ['change_split_rule', { attribute_name: 'NF', value: null }],
    ];

    it.each(cases)('%s %j', async (name, parameters) => {
      const id = await submitTask(user());
      expect(await user().post(`task/${name}`, { task_id: id, ...parameters })).toEqual(ROLE);
      expect(await production().post(`task/${name}`, { task_id: id, ...parameters })).toEqual(CHANGED);
      expect(await production().post(`task/${name}`, { task_id: UNKNOWN, ...parameters })).toEqual(
        refused('Task not found'),
      );
    });

    it('refuse what they cannot change', async () => {
      const task_id = await submitTask(user());
      const change = (name: string, parameters: object): Promise<Envelope> =>
        production().post(`task/${name}`, { task_id, ...parameters });
      expect(await change('change_attribute', { attribute_name: 'x', value: 1 })).toEqual(
        refused("x is not a valid attribute. Valid attributes are ['ramCount', 'wallTime', 'cpuTime', 'coreCount']"),
      );
      expect(await change('change_split_rule', { attribute_name: 'XX', value: 1 })).toEqual(
        refused(
          "XX is not a valid attribute. Valid attributes are ['AI', 'TW', 'EC', 'MF', 'NG', 'NI', 'NF', 'ES', 'NJ', 'AV', 'IL', 'LI', 'LC', 'CC', 'OT', 'UZ', 'IM', 'NP']",
          2,
        ),
      );
      expect(await change('change_attribute', { attribute_name: 'ramCount', value: 1e300 })).toEqual(
        refused('Exception while changing the attribute'),
      );
      expect(await change('change_priority', { priority: -1e300 })).toEqual(
        refused('Exception while changing the priority'),
      );
      expect(await change('change_modification_time', { positive_hour_offset: 9e9 })).toEqual(
        refused('failed to convert 9000000000 to time'),
      );
      expect(await change('change_modification_time', { positive_hour_offset: 1, hour_offset: 1 })).toEqual(
        refused("Argument error: got an unexpected keyword argument 'hour_offset'"),
      );
      expect(await change('increase_attempts', { increase: -1 })).toEqual(
        refused('increase must be a positive integer, got -1'),
      );
    });

    it('give more attempts, and everything anew', async () => {
      const id = await submitTask(user());
      await taskIs(user(), id, 'scouting');
      expect(await production().post('task/increase_attempts', { task_id: id, increase: 3 })).toEqual(
        ok(0, 'increased attemptNr for 3 inputs (0 reactivated)'),
      );
      expect(await production().post('task/increase_attempts', { task_id: UNKNOWN, increase: 3 })).toEqual(
        refused(`jediTaskID=${UNKNOWN} not found`, 1),
      );
      await user().post('task/kill', { task_id: id });
      await taskIs(user(), id, 'aborted');
      expect(await production().post('task/reactivate', { task_id: id, trigger_job_generation: true })).toEqual(
        ok(0, `updated 3 inputs and task ${id} was reactivated `),
      );
      await taskIs(user(), id, 'scouting');
    });

    it('move tasks to another share', async () => {
      const id = await submitTask(user());
      const move = (share: string): Promise<Envelope> =>
        production().post('task/reassign_global_share', { task_id_list: [id], share, reassign_running_jobs: false });
      expect(await move('Test')).toEqual(ok(0));
      expect(await move('Nothing')).toEqual(refused('Share Nothing is not a leave share ', 1));
    });

    it('kill all jobs of a task', async () => {
      const id = await submitTask(user());
      await taskIs(user(), id, 'scouting');
      expect(await other().post('task/kill_unfinished_jobs', { task_id: id })).toEqual(ok([false, false, false]));
      expect(await user().post('task/kill_unfinished_jobs', { task_id: id, code: 9 })).toEqual(ok([true, true, true]));
      expect(await user().post('task/kill_unfinished_jobs', { task_id: UNKNOWN })).toEqual(ok([]));
    });
  });

  it('a document that cannot be a task breaks, and says why', async () => {
    const id = await submitTask(user(), { jobParameters: undefined });
    await taskIs(user(), id, 'broken');
    const { data } = await user().get('task/get_detailed_info', { task_id: id });
    expect(data).toMatchObject({ errorDialog: 'the task parameter jobParameters is missing', superStatus: 'broken' });
    expect(await user().post('task/submit', { task_parameters: { vo: 'wlcg' } })).toEqual(
      refused('failed to register task : taskName is missing', 4),
    );
  });
});
