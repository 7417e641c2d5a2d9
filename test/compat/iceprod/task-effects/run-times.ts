import { type HttpClient } from '../../../harness/http-client.js';
import { ok } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset, newTask } from '../fixtures.js';

type RunTimes = Readonly<
  Record<string, readonly [count: number, gpu: number, total: number, min: number, max: number]>
>;

interface Statistics {
  readonly count: number;
  readonly gpu: number;
  readonly total_hrs: number;
  readonly min_hrs: number;
  readonly max_hrs: number;
}

/** IceProd contract 7.5: statistics show every change of a complete task at once. */
export const runTimes = (cluster: GetTestCluster): void => {
  describe('run time statistics of complete tasks', () => {
    const readRunTimes = async (client: HttpClient, datasetId: string): Promise<RunTimes> => {
      const { json } = await client.get(`/datasets/${datasetId}/task_stats`);
      return Object.fromEntries(
        Object.entries(json as Readonly<Record<string, Statistics>>).map(([name, one]) => [
          name,
          [one.count, one.gpu, one.total_hrs, one.min_hrs, one.max_hrs],
        ]),
      );
    };

    /** Completes a task with this run time. */
    const completed = async (client: HttpClient, datasetId: string, seconds: number, more = {}): Promise<string> => {
      const id = await newTask(client, datasetId, { status: 'queued', instance_id: 'i', ...more });
      await client.post(`/tasks/${id}/task_actions/complete`, { instance_id: 'i', time_used: seconds });
      return id;
    };

    it('are computed as the contract says', async () => {
      const { alice, system } = cluster();
      const datasetId = await newDataset(alice);
      await completed(system, datasetId, 7200);
      const second = await newTask(system, datasetId, { status: 'processing', instance_id: 'i' });
      await system.post(`/tasks/${second}/task_actions/reset`, { instance_id: 'i', time_used: 3600 });
      await system.patch(`/tasks/${second}`, { status: 'queued', instance_id: 'j' });
      await system.post(`/tasks/${second}/task_actions/complete`, { instance_id: 'j', time_used: 10_800 });
      expect(await alice.get(`/datasets/${datasetId}/task_stats`)).toEqual(
        ok({
          generate: {
            ...{ count: 2, gpu: 0, total_hrs: 5, total_err_hrs: 1, avg_hrs: 2.5, stddev_hrs: 0.7071067811865476 },
            ...{ min_hrs: 2, max_hrs: 3, efficiency: 0.8333333333333334 },
          },
        }),
      );
    });

    it('are updated when walltime, requirements, name, dataset or status change', async () => {
      const { alice, system } = cluster();
      const [datasetId, other] = [await newDataset(alice), await newDataset(alice)];
      for (const seconds of [3600, 7200]) await completed(system, datasetId, seconds);
      const id = await completed(system, datasetId, 10_800);
      const now = async (): Promise<readonly RunTimes[]> => [
        await readRunTimes(system, datasetId),
        await readRunTimes(system, other),
      ];
      expect(await now()).toEqual([{ generate: [3, 0, 6, 1, 3] }, {}]);
      await system.patch(`/tasks/${id}`, { walltime: 0.5 });
      expect(await now()).toEqual([{ generate: [3, 0, 3.5, 0.5, 2] }, {}]);
      await system.patch(`/tasks/${id}`, { 'requirements.gpu': 2 });
      expect(await now()).toEqual([{ generate: [3, 2, 3.5, 0.5, 2] }, {}]);
      await alice.patch(`/datasets/${datasetId}/task_actions/bulk_requirements/generate`, { gpu: 1 });
      expect(await now()).toEqual([{ generate: [3, 3, 3.5, 0.5, 2] }, {}]);
      await system.patch(`/tasks/${id}`, { name: 'filter', task_index: 1 });
      expect(await now()).toEqual([{ generate: [2, 2, 3, 1, 2], filter: [1, 1, 0.5, 0.5, 0.5] }, {}]);
      await system.patch(`/tasks/${id}`, { dataset_id: other });
      expect(await now()).toEqual([{ generate: [2, 2, 3, 1, 2] }, { filter: [1, 1, 0.5, 0.5, 0.5] }]);
      await system.patch(`/tasks/${id}`, { status: 'failed' });
      expect(await now()).toEqual([{ generate: [2, 2, 3, 1, 2] }, {}]);
      await system.patch(`/tasks/${id}`, { status: 'complete', dataset_id: datasetId, name: 'generate', walltime: 9 });
      expect(await now()).toEqual([{ generate: [3, 3, 12, 1, 9] }, {}]);
    });

    it('are updated by bulk changes', async () => {
      const { alice, system } = cluster();
      const datasetId = await newDataset(alice);
      const ids: string[] = [];
      for (let hours = 1; hours <= 12; hours += 1) ids.push(await completed(system, datasetId, hours * 3600));
      expect(await readRunTimes(system, datasetId)).toEqual({ generate: [12, 0, 78, 1, 12] });
      await alice.post(`/datasets/${datasetId}/task_actions/bulk_status/idle`, { tasks: ids.slice(0, 3) });
      expect(await readRunTimes(system, datasetId)).toEqual({ generate: [9, 0, 72, 4, 12] });
      await alice.post(`/datasets/${datasetId}/task_actions/bulk_hard_reset`);
      expect(await readRunTimes(system, datasetId)).toEqual({});
      // The walltime stays with the task.
      await alice.post(`/datasets/${datasetId}/task_actions/bulk_status/complete`, { tasks: ids });
      expect(await readRunTimes(system, datasetId)).toEqual({ generate: [12, 0, 78, 1, 12] });
    });
  });
};
