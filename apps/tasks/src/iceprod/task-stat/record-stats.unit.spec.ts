import { keyOf } from '../../workload/member-key.js';
import { recordStats } from './record-stats.js';

const WORKLOAD = 3;
const key = keyOf(WORKLOAD, 7);

const view = {
  homeOf: (datasetId: string) => `work-${datasetId}`,
  find: (id: string) => (id === 't' ? { key, status: 'idle', workload: 'd' } : undefined),
  streamOf: () => 'work-d',
};

const recorded = (taskId: string, datasetId: string): unknown => {
  const { events, reply } = recordStats(view, { id: 's', taskId, datasetId, stats: { raw: '{"n":1.0}' } });
  expect(reply).toEqual({ task_stat_id: 's' });
  return events;
};

describe('recording stats', () => {
  it('names the unit when the task belongs to the dataset', () => {
    expect(recorded('t', 'd')).toEqual([
      {
        stream: 'work-d',
        type: 'TaskStatRecorded',
        data: { units: [[7, 7]], task_stat_id: 's', task_id: 't', dataset_id: 'd', stats: { raw: '{"n":1.0}' } },
      },
    ]);
  });

  it.each([
    ['nobody knows', 'd'],
    ['t', 'another'],
  ])('accepts task %s with dataset %s', (taskId, datasetId) => {
    expect(recorded(taskId, datasetId)).toMatchObject([{ stream: `work-${datasetId}` }]);
    expect(JSON.stringify(recorded(taskId, datasetId))).not.toContain('units');
  });
});
