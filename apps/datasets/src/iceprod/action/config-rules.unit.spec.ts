import { ExpansionBudget } from '#contracts/iceprod/config/expand.js';
import { type Json, parseJson } from '#contracts/iceprod/config/json.js';
import type { Dataset } from '../dataset/dataset.js';
import { dependenciesOf } from './dependencies.js';
import { renewals } from './renewals.js';
import { expandedRequirements, scopeOf } from './requirements.js';

const DATASET: Dataset = {
  ...{ dataset_id: 'd', dataset: 21, description: '', jobs_submitted: 10, tasks_submitted: 20, tasks_per_job: 2 },
  ...{ group: 'users', username: 'alice', status: 'processing', priority: 0.5, debug: false, jobs_immutable: false },
  ...{ always_active: false, start_date: '', truncated: false },
};

const expanded = (requirements: string): string => {
  const config = parseJson('{"options":{"os":"RHEL_9"},"steering":{"parameters":{"mem":"$eval(2*$(job))"}}}');
  const task = parseJson(`{"name":"a","parameters":{"hours":"1.5"},"requirements":${requirements}}`);
  return expandedRequirements(task, scopeOf(config, task, DATASET, { task: 1, job: 7 }, new ExpansionBudget()));
};

describe('requirements', () => {
  it.each([
    ['{"memory":"$steering(mem)"}', '{"memory":14}'],
    ['{"time":"$(hours)","cpu":1}', '{"time":1.5,"cpu":1}'],
    ['{"os":["$options(os)"],"site":"-"}', '{"os":["RHEL_9"],"site":"-"}'],
    ['{"disk":"$eval($(jobs_submitted)+$(tasks_submitted)+$(dataset)+$(task))"}', '{"disk":52}'],
    ['{"gpu":["a","b"]}', '{"gpu":2}'],
    ['{"memory":"$max(1,2.5)","x":"$unheard(y)"}', '{"memory":2.5,"x":"$unheard(y)"}'],
    ['{"memory":4.0}', '{"memory":4.0}'],
    ['{"x":"$args(os)","y":"$sum(1,2,$(task))","z":"$len(a,b)"}', '{"x":"RHEL_9","y":4,"z":2}'],
    ['{"x":"$min(3,$(job))","y":"$choice(5)","z":"$(debug)"}', '{"x":3,"y":5,"z":"False"}'],
    ['{"disk":"$sprintf(\'%03d.%d\',$(job),$(task))","time":"1e3"}', '{"disk":7.1,"time":1000.0}'],
    ['{"gpu":[]}', '{"gpu":0}'],
  ])('of %s are %s', (requirements, expected) => {
    expect(expanded(requirements)).toBe(expected);
  });
});

const tasks = (...depends: readonly (readonly string[])[]) =>
  depends.map((list, place) => parseJson(JSON.stringify({ name: `task${place}`, depends: list })));

describe('dependencies', () => {
  it('name earlier tasks by name or place, tasks of other datasets, or any task', () => {
    expect(dependenciesOf(tasks([], ['task0'], ['0', '1', 'other:gen', 'abc'], ['2']))).toEqual([
      [],
      [{ place: 0 }],
      [{ place: 0 }, { place: 1 }, { dataset: 'other', name: 'gen' }, { taskId: 'abc' }],
      [{ place: 2 }],
    ]);
  });

  it.each([['task0'], ['0'], ['task1'], ['1']])('refuse a task that is no earlier one: %s', (word) => {
    expect(() => dependenciesOf(tasks([word], []))).toThrow(/no earlier task/);
  });
});

const renewed = (before: Json, after: Json) => renewals(before, after, DATASET, new ExpansionBudget());

describe('renewals', () => {
  const config = (...list: readonly object[]) => parseJson(JSON.stringify({ tasks: list }));
  const before = config({ name: 'a', requirements: { memory: 1 } }, { name: 'b', depends: ['a'] });

  it('are the tasks whose requirements come out differently', () => {
    expect(renewed(before, before)).toEqual([]);
    const after = config({ name: 'a', requirements: { memory: '$eval(1+1)' } }, { name: 'b', depends: ['a'] });
    expect(renewed(before, after)).toEqual([{ name: 'a', requirements: '{"memory":2}' }]);
    const none = config({ name: 'a' }, { name: 'b', depends: ['a'] });
    expect(renewed(before, none)).toEqual([{ name: 'a', requirements: '{}' }]);
    // What tasks were made with is not parsed again.
    const odd = config({ name: 'a', requirements: { color: 'red' } });
    expect(renewed(odd, odd)).toEqual([]);
  });

  it.each([
    ['number of tasks', config({ name: 'a' })],
    ['name', config({ name: 'a' }, { name: 'c', depends: ['a'] })],
    ['depends', config({ name: 'a' }, { name: 'b' })],
    ['cannot be expanded', config({ name: 'a', requirements: { memory: '$(job)' } }, { name: 'b', depends: ['a'] })],
    [
      'Invalid resource types',
      config({ name: 'a', requirements: { memory: 1, color: 'red' } }, { name: 'b', depends: ['a'] }),
    ],
    ...Object.entries({ memory: 'much', cpu: '1.5', gpu: '$eval(1/2)', os: ['a', 7], time: true }).map(
      ([name, value]): [string, Json] => [
        `Bad type for resource ${name}`,
        config({ name: 'a', requirements: { [name]: value } }, { name: 'b', depends: ['a'] }),
      ],
    ),
  ])('are refused: %s', (text, after) => {
    expect(() => renewed(before, after)).toThrow(new RegExp(text));
  });
});
