import { MODES, startEmbedded } from './cairn-process.js';
import { eventually } from './eventually.js';
import type { HttpClient } from './http-client.js';
import { newDataset, newJob, newTask, useWorld, VARIABLES } from './world.js';

const CONFIG = { version: 3.2, description: 'd', tasks: [{ name: 'generate', trays: [{ modules: [{}] }] }] };

const variables = (steps: string) => () => ({
  ...VARIABLES,
  CAIRN_AUTOMATION: steps,
  CAIRN_AUTOMATION_DELAY: '0.1',
});

/** Gives every step something to do. */
const layOut = async ({ system, alice }: { readonly system: HttpClient; readonly alice: HttpClient }) => {
  const submission = { config: JSON.stringify(CONFIG), description: 'd', jobs_submitted: 1, group: 'simprod' };
  const { result: request } = (await alice.post('/actions/submit', submission)).json as { result: string };
  const counts = { jobs_submitted: 2, tasks_submitted: 2, tasks_per_job: 1 };
  const dataset = await newDataset(system, counts);
  await system.put(`/config/${dataset}`, CONFIG);
  const job = await newJob(system, dataset);
  const [idle, complete] = [
    await newTask(system, dataset, { priority: 0.375, job_index: 1 }),
    await newTask(system, dataset, { status: 'complete', job_id: job }),
  ];
  const suspended = await newDataset(system, { ...counts, status: 'suspended' });
  const waiting = await newTask(system, suspended, { status: 'waiting' });
  const bare = await newDataset(system, counts);
  const read = async (client: HttpClient, path: string): Promise<Readonly<Record<string, unknown>>> =>
    (await client.get(path)).json as Readonly<Record<string, unknown>>;
  return async () => ({
    request: (await read(alice, `/actions/submit/${request}`))['status'],
    materializations: (await read(alice, '/actions/materialization'))['queued'],
    idle: (await read(system, `/tasks/${idle}`))['status'],
    isRanked: (await read(system, `/tasks/${idle}`))['priority'] !== 0.375,
    complete: (await read(system, `/tasks/${complete}`))['status'],
    job: (await read(system, `/jobs/${job}`))['status'],
    waiting: (await read(system, `/tasks/${waiting}`))['status'],
    bare: (await read(system, `/datasets/${bare}`))['status'],
  });
};

const UNTOUCHED = {
  ...{ request: 'queued', materializations: 0, idle: 'idle', isRanked: false, complete: 'complete' },
  ...{ job: 'processing', waiting: 'waiting', bare: 'processing' },
};
const ALL_DONE = {
  ...{ request: 'complete', materializations: expect.any(Number) as number, idle: 'waiting', isRanked: true },
  ...{ complete: 'complete', job: 'complete', waiting: 'suspended', bare: 'suspended' },
};

describe.each(MODES)('Automation that is switched off, $mode', (mode) => {
  const off = useWorld(mode, variables('off'));
  // Shows how long everything takes where it is on.
  const on = useWorld({ start: startEmbedded }, variables('on'));

  it('does nothing, requests included', async () => {
    const seenOff = await layOut(off());
    const seenOn = await layOut(on());
    await eventually(seenOn, ALL_DONE);
    expect(await seenOff()).toEqual(UNTOUCHED);
  });
});

describe('Automation of single steps', () => {
  const world = useWorld({ start: startEmbedded }, variables('dataset_completion,buffer'));

  it('does these and leaves the others to crons', async () => {
    const seen = await layOut(world());
    await eventually(seen, { ...UNTOUCHED, bare: 'suspended', materializations: 1 });
  });

  it('is refused at the start when there is no such step', async () => {
    await expect(startEmbedded({ ...VARIABLES, CAIRN_AUTOMATION: 'queue,rest' })).rejects.toThrow(
      /CAIRN_AUTOMATION is "queue,rest"; expected on, off, or a comma-separated list of priority, queue, /,
    );
  });
});
