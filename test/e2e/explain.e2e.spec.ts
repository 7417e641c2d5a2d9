import { MODES } from './cairn-process.js';
import { newDataset, newJob, newTask, useWorld } from './world.js';

describe.each(MODES)('explanations, $mode', (mode) => {
  const world = useWorld(mode);

  it('tell the owner of a dataset, and nobody else, why a task does not run and what is left', async () => {
    const { system, alice, bob } = world();
    const dataset = await newDataset(alice, { priority: 0.5 });
    const rule = { read_groups: [], write_groups: [], read_users: ['alice'], write_users: ['alice'] };
    expect(await system.put(`/auths/${dataset}`, rule)).toMatchObject({ status: 200 });
    const job_id = await newJob(system, dataset);
    const task = await newTask(system, dataset, { job_id, status: 'waiting', requirements: { memory: 8 } });
    const offer = { requirements: { memory: 4 } };
    expect(await system.post('/task_actions/queue', offer)).toMatchObject({ status: 404 });

    expect(await alice.get(`/cairn/explain/units/${task}`)).toMatchObject({
      status: 200,
      json: {
        ...{ task_id: task, status: 'waiting', phase: 'ready', dataset_status: 'processing' },
        reason: 'It is ready, but fits none of the offers last seen (1): memory.',
        offers: [
          { requirements: offer.requirements, fits: false, misfits: [{ name: 'memory', asked: 8, offered: 4 }] },
        ],
        priority: {
          due: 1,
          terms: { dataset_priority: 0.5, group: 'simprod', active_tasks: 1, active_tasks_of_all: 1, job_index: 0 },
        },
        queue: { ahead: 0, more: false },
      },
    });
    expect(await alice.get(`/cairn/datasets/${dataset}/remaining`)).toMatchObject({
      status: 200,
      json: {
        tasks: { generate: { complete: 0, remaining: 1, avg_hrs: null, remaining_hrs: null } },
        ...{ remaining: 1, remaining_hrs: null },
      },
    });
    expect(await bob.get(`/cairn/explain/units/${task}`)).toMatchObject({ status: 403 });
    expect(await bob.get(`/cairn/datasets/${dataset}/remaining`)).toMatchObject({ status: 403 });
    expect(await alice.get('/cairn/explain/units/nobody')).toMatchObject({ status: 404 });
  });
});
