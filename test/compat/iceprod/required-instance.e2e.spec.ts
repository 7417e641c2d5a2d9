import { startEmbedded } from '../../harness/cairn-process.js';
import { useTestCluster, VARIABLES } from '../../harness/test-cluster.js';
import { done, refused } from './answers.js';
import { newDataset, newTask } from './fixtures.js';

describe('Cairn with ICEPROD_REQUIRE_INSTANCE=on', () => {
  const cluster = useTestCluster({ start: startEmbedded }, () => ({ ...VARIABLES, ICEPROD_REQUIRE_INSTANCE: 'on' }));

  it('refuses a status that ends a run without naming its instance', async () => {
    const { alice, system } = cluster();
    const datasetId = await newDataset(alice);
    const id = await newTask(system, datasetId, { status: 'processing', instance_id: 'i' });
    const put = (body: object) => system.put(`/tasks/${id}/status`, body);
    expect(await put({ status: 'waiting' })).toEqual(refused(400, 'Missing instance_id in body'));
    expect(await put({ status: 'queued' })).toEqual(done);
    expect(await put({ status: 'waiting', instance_id: 'i' })).toEqual(done);
    const legacy = await newTask(system, datasetId, { status: 'processing' });
    expect(await system.put(`/tasks/${legacy}/status`, { status: 'waiting' })).toEqual(done);
  });
});
