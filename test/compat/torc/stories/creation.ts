import type { ExpectAnswer } from '../../exact-answers.js';
import { aKey, aRevision, aTime, documentIn, keyOf, list, ok, refused, someText } from '../answers.js';
import type { TorcClient } from '../torc-client.js';
import { NO_INTERNAL, Workflow } from '../workflow.js';

/** The ways in which clients create workflows (contract 7.1). */
export const creation = (torc: () => TorcClient, expectAnswer: ExpectAnswer): void => {
  it('a workflow is created from a file of commands, to which others are added later', async () => {
    const client = torc();
    const posted = await client.post('/workflows', { user: 'sim-team', name: 'commands' });
    const key = keyOf(documentIn(posted));
    const document = {
      ...{ name: 'commands', user: 'sim-team', description: '', timestamp: aTime, is_archived: false },
      ...{ _key: aKey, _id: `workflows/${key}`, _rev: aRevision },
    };
    expectAnswer(posted, ok(document));
    const workflow = new Workflow(client, key);
    const small = await workflow.post('/resource_requirements', {
      ...{ name: 'small', num_cpus: 4, memory: '1g', runtime: 'P0DT30M' },
    });
    expectAnswer(
      small,
      ok(
        workflow.stored('resource_requirements', {
          ...{ name: 'small', num_cpus: 4, num_gpus: 0, num_nodes: 1, memory: '1g', runtime: 'P0DT30M' },
        }),
      ),
    );
    const group = documentIn(small)['_id'];
    const command = (name: string): object => ({ name, command: `bash ${name}.sh`, resource_requirements: group });
    const stored = (name: string): object => workflow.storedJob(name, { command: `bash ${name}.sh` });
    expectAnswer(
      await workflow.post('/bulk_jobs', { jobs: ['1', '2', '3'].map(command) }),
      ok({ items: ['1', '2', '3'].map(stored) }),
    );
    expectAnswer(await workflow.get('/jobs?limit=1'), list([stored('1')], { total: 3 }));
    expectAnswer(await workflow.post('/bulk_jobs', { jobs: [command('4')] }), ok({ items: [stored('4')] }));
    expectAnswer(await workflow.post('/bulk_jobs', { jobs: [] }), ok({ items: [] }));
    const jobs = await workflow.documents('jobs');
    expectAnswer(await workflow.get('/job_keys'), ok({ items: jobs.map(keyOf) }));
    expectAnswer(
      await workflow.get('/edges/requires'),
      list(jobs.map(({ _id: from }) => workflow.stored('requires', { _from: from, _to: group }))),
    );
    // All or none.
    expectAnswer(
      await workflow.post('/bulk_jobs', { jobs: [command('5'), { name: '6' }] }),
      refused(400),
      'a job without a command',
    );
    expectAnswer(
      await workflow.post('/bulk_jobs', {
        jobs: [command('5'), { command: 'x', blocked_by: [workflow.id('jobs', 'nobodys')] }],
      }),
      refused(400),
      'a missing blocker',
    );
    expectAnswer(await workflow.get('/jobs?limit=0'), list([], { total: 4 }));
  });

  it('a workflow is created by a script, document by document', async () => {
    const client = torc();
    const posted = await client.post('/workflows', { user: 'sim-team', name: 'script', description: 'by hand' });
    const workflow = new Workflow(client, keyOf(documentIn(posted)));
    const config = documentIn(await workflow.get('/config'));
    const scripts = { workflow_startup_script: 'bash in.sh', workflow_completion_script: 'bash out.sh' };
    const configured = await workflow.put('/config', { ...config, ...scripts });
    expectAnswer(configured, ok({ ...config, ...scripts, _rev: aRevision }));
    expect(documentIn(configured)['_rev']).not.toBe(config['_rev']);
    expectAnswer(await workflow.get('/config'), configured);
    const [input, output] = [
      await workflow.added('files', { name: 'in', path: 'in.nc' }),
      await workflow.added('files', { name: 'out', path: 'out.nc' }),
    ];
    const parameters = await workflow.added('user_data', { name: 'parameters', data: { alpha: 0.5 } });
    const answers = await workflow.added('user_data', { name: 'answers' });
    const group = await workflow.added('resource_requirements', { name: 'small', memory: '2g' });
    const short = await workflow.added('slurm_schedulers', { name: 'short', account: 'project1', nodes: 1 });
    const first = await workflow.post('/jobs', { name: 'first', command: 'a' });
    expectAnswer(first, ok(workflow.storedJob('first', { command: 'a' })));
    const submission = { scheduler_id: short['_id'], num_jobs: 1, max_parallel_jobs: 4 };
    const whole = await workflow.post('/jobs', {
      ...{ name: 'make', command: 'python make.py', supports_termination: true, schedule_compute_nodes: submission },
      ...{ resource_requirements: group['_id'], scheduler: short['_id'] },
      ...{ input_files: [input['_id']], output_files: [output['_id']] },
      ...{ input_user_data: [parameters['_id']], output_user_data: [answers['_id']] },
      blocked_by: [documentIn(first)['_id']],
    });
    expectAnswer(
      whole,
      ok(
        workflow.storedJob('make', {
          ...{ command: 'python make.py', supports_termination: true, internal: NO_INTERNAL },
          schedule_compute_nodes: { ...submission, start_one_worker_per_node: false },
        }),
      ),
    );
    const make = documentIn(whole);
    const at = `/jobs/${keyOf(make)}`;
    for (const [edge, to] of Object.entries({
      ...{ needs: input, produces: output, consumes: parameters, stores: answers },
      ...{ requires: group, scheduled_bys: short },
    })) {
      expectAnswer(
        await workflow.get(`/edges/${edge}`),
        list([workflow.stored(edge, { _from: make['_id'], _to: to['_id'] })]),
        edge,
      );
    }
    const blocks = workflow.stored('blocks', { _from: documentIn(first)['_id'], _to: make['_id'] });
    expectAnswer(await workflow.get('/edges/blocks'), list([blocks]));
    expectAnswer(await workflow.get(`${at}/resource_requirements`), ok(group));
    expectAnswer(
      await workflow.get(`/jobs/${keyOf(documentIn(first))}/resource_requirements`),
      ok({ name: 'default', num_cpus: 1, num_gpus: 0, num_nodes: 1, memory: '1m', runtime: 'P0DT1M' }),
    );
    expectAnswer(await workflow.get(`/files/produced_by_job/${keyOf(make)}`), list([output]));
    expectAnswer(await workflow.get(`/jobs/find_by_needs_file/${keyOf(input)}`), list([make]));
    expectAnswer(await workflow.get(`/jobs/find_by_needs_file/${keyOf(output)}`), list([]));
    expectAnswer(await workflow.get(`${at}/user_data_consumes`), list([parameters]));
    expectAnswer(await workflow.get(`${at}/user_data_stores`), list([answers]));
    expectAnswer(await workflow.get(at), whole);
    // Nothing of a job with a wrong reference is stored.
    for (const wrong of [
      { input_files: [parameters['_id']] },
      { input_files: ['in'] },
      { output_files: [workflow.id('files', 'nobodys')] },
      { resource_requirements: workflow.id('resource_requirements', 'nobodys') },
      { scheduler: group['_id'] },
      { blocked_by: ['jobs__x/1'] },
      { input_user_data: parameters['_id'] },
    ]) {
      expectAnswer(await workflow.post('/jobs', { command: 'x', ...wrong }), refused(400), JSON.stringify(wrong));
    }
    expectAnswer(await workflow.get('/jobs?limit=0'), list([], { total: 2 }));
    // On an error the client deletes the workflow.
    const deleted = await workflow.delete();
    expectAnswer(deleted, posted);
    expectAnswer(await workflow.get(), refused(404));
    expectAnswer(await workflow.get('/jobs'), refused(404));
    expectAnswer(await workflow.get(at), refused(404));
    expectAnswer(await workflow.get('/status'), refused(404));
    expectAnswer(await workflow.post('/events', { category: 'x' }), refused(404));
    expectAnswer(await workflow.claim(), refused(404));
  });

  it('functions are mapped over items, with user data as their input and output', async () => {
    const client = torc();
    const workflow = new Workflow(client, keyOf(documentIn(await client.post('/workflows', { user: 'sim-team' }))));
    const input = await workflow.post('/user_data', { name: 'input 1', data: { x: 1.0, items: [1, 2] } });
    expectAnswer(
      input,
      ok(workflow.stored('user_data', { name: 'input 1', is_ephemeral: false, data: { x: 1.0, items: [1, 2] } })),
    );
    const output = await workflow.post('/user_data', { name: 'output 1', data: {} });
    expectAnswer(output, ok(workflow.stored('user_data', { name: 'output 1', is_ephemeral: false, data: {} })));
    const bulk = await workflow.post('/bulk_jobs', {
      jobs: [
        {
          ...{ name: 'map 1', command: 'torc-map' },
          ...{ input_user_data: [documentIn(input)['_id']], output_user_data: [documentIn(output)['_id']] },
        },
      ],
    });
    expectAnswer(bulk, ok({ items: [workflow.storedJob('map 1', { command: 'torc-map' })] }));
    const key = keyOf(await workflow.job('map 1'));
    expectAnswer(await workflow.get('/missing_user_data'), ok({ user_data: [] }));
    expectAnswer(await workflow.get(`/jobs/${key}/user_data_consumes`), list([documentIn(input)]));
    expectAnswer(await workflow.get(`/jobs/${key}/user_data_stores`), list([documentIn(output)]));
    const stored = { ...documentIn(output), data: { y: 2.5 } };
    const written = await workflow.put(`/user_data/${keyOf(stored)}`, stored);
    expectAnswer(written, ok({ ...stored, _rev: aRevision }));
    const more = await workflow.post(`/jobs/${key}/user_data`, { name: 'more', data: { z: [] } });
    expectAnswer(more, ok(workflow.stored('user_data', { name: 'more', is_ephemeral: false, data: { z: [] } })));
    expectAnswer(await workflow.get(`/jobs/${key}/user_data_stores`), list([documentIn(written), documentIn(more)]));
    expectAnswer(await workflow.post('/jobs/nobodys/user_data', { name: 'x' }), refused(404));
    expectAnswer(await client.get('/ping'), ok({ message: someText }));
  });
};
