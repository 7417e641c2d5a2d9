import fc from 'fast-check';
import { datasetPriority, taskPriority, type DatasetPriorityTerms, type TaskPriorityTerms } from './priority.js';

const ALONE: DatasetPriorityTerms = {
  priority: 0.5,
  largestOfUser: 0.5,
  largestOfGroup: 0.5,
  group: 'simprod',
  userPriority: undefined,
  groupPriority: 1,
  jobsSubmitted: 100,
  activeTasks: 0,
  activeTasksOfAll: 0,
  ageDays: 0.5,
};

describe('datasetPriority', () => {
  it.each<[string, Partial<DatasetPriorityTerms>, number]>([
    ['a dataset alone', {}, 1],
    ['no processing dataset of the user', { largestOfUser: 0 }, 1],
    ['half of the largest of its user', { largestOfUser: 1, largestOfGroup: 0 }, 0.5],
    ['half of the largest of its group', { largestOfGroup: 1 }, 0.875],
    ['group users: the group is not compared', { group: 'users', largestOfGroup: 1, userPriority: 1 }, 1],
    ['group users: the root of the user priority', { group: 'users', userPriority: 0.25 }, 0.5],
    ['group users: a user without record', { group: 'users' }, Math.SQRT1_2],
    ['another group: no user priority', { userPriority: 0.25 }, 1],
    ['a group without record', { groupPriority: undefined }, 0.5],
    ['age up to a day changes nothing', { ageDays: 1, groupPriority: 0.5 }, 0.5],
    ['age of ten days', { ageDays: 10, groupPriority: 0.5 }, 0.5 * (240 ** 0.05 - 0.17)],
    ['many jobs', { jobsSubmitted: 100_000 }, 0.1 ** 0.05],
    ['few jobs gain nothing', { jobsSubmitted: 1, groupPriority: 0.5 }, 0.5],
    ['no jobs', { jobsSubmitted: 0 }, 1],
    ['half of all active tasks', { activeTasks: 50, activeTasksOfAll: 100 }, 0.875],
    ['never above one', { groupPriority: 3 }, 1],
    ['never below zero', { priority: -3 }, 0],
    ['never anything but a number', { priority: 1e300, largestOfUser: 1e-300, groupPriority: 0 }, 0],
  ])('%s', (_, terms, expected) => {
    expect(datasetPriority({ ...ALONE, ...terms })).toBeCloseTo(expected, 12);
  });
});

describe('taskPriority', () => {
  const terms = { taskIndex: 0, jobIndex: 500, jobsSubmitted: 1000, tasksSubmitted: 4000 };

  it('is lowered by the index of the job', () => {
    expect(taskPriority(0.5, terms)).toBeCloseTo(0.4, 12);
  });

  it('is raised by the index of the task', () => {
    expect(taskPriority(0.5, { ...terms, taskIndex: 2 })).toBeCloseTo(0.5, 12);
  });

  it('is raised in the first hundred jobs', () => {
    expect(taskPriority(0, { ...terms, jobIndex: 99 })).toBeCloseTo(0, 12);
    expect(taskPriority(0, { ...terms, jobIndex: 50 })).toBeCloseTo(0.49, 12);
    expect(taskPriority(0.2, { ...terms, jobIndex: 0 })).toBe(1);
  });

  it('never leaves the range from zero to one', () => {
    expect(taskPriority(0, { ...terms, jobIndex: 999 })).toBe(0);
  });

  it('is nothing without a dataset or without tasks', () => {
    expect(taskPriority(undefined, terms)).toBe(0);
    expect(taskPriority(1, { ...terms, tasksSubmitted: 0 })).toBe(0);
  });
});

/** The formula of contract 18 as it is written there, letter by letter, to be compared with. */
const x18 = (given: DatasetPriorityTerms): number => {
  const [p, Pu, Pg] = [given.priority, given.largestOfUser, given.largestOfGroup];
  const u = given.group === 'users' ? (given.userPriority ?? 0.5) : 1;
  const g = given.groupPriority ?? 0.5;
  const [N, a, A, d] = [given.jobsSubmitted, given.activeTasks, given.activeTasksOfAll, given.ageDays];
  let x = 1;
  if (Pu > 0) x = p / Pu;
  if (given.group !== 'users' && Pg > 0) x -= (1 - p / Pg) / 4;
  x *= Math.sqrt(u);
  x *= g;
  x *= d > 1 ? (24 * d) ** 0.05 - 0.17 : 1;
  if (N > 0) x *= Math.min(1, (10000 / N) ** 0.05);
  if (A !== 0) x -= a / A / 4;
  // Priorities far apart may leave infinity times nothing.
  return x < 0 || Number.isNaN(x) ? 0 : x > 1 ? 1 : x;
};

const y18 = (x: number | undefined, given: TaskPriorityTerms): number => {
  if (x === undefined || given.tasksSubmitted < 1) return 0;
  let y = x;
  y += given.taskIndex / (given.tasksSubmitted / given.jobsSubmitted) / 5;
  y -= given.jobIndex / given.jobsSubmitted / 5;
  if (given.jobIndex < 100) y += (100 - given.jobIndex) / 100;
  return y < 0 ? 0 : y > 1 ? 1 : y;
};

const share = fc.oneof(fc.constantFrom(0, 0.5, 1), fc.double({ min: -1, max: 3, noNaN: true }));
const weight = fc.option(fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 2, noNaN: true })), {
  nil: undefined,
});
const count = fc.oneof(fc.constantFrom(0, 1, 9_999, 10_000, 10_001), fc.nat(2_000_000));
const anyDataset = fc
  .record({
    ...{ priority: share, largestOfUser: share, largestOfGroup: share },
    group: fc.constantFrom('users', 'simprod', ''),
    ...{ userPriority: weight, groupPriority: weight, jobsSubmitted: count, activeTasks: count, others: count },
    ageDays: fc.oneof(fc.constantFrom(0, 1, 1.0000001), fc.double({ min: 0, max: 4000, noNaN: true })),
  })
  .map(({ others, ...terms }) => ({ ...terms, activeTasksOfAll: terms.activeTasks + others }));
const anyTask = fc.record({
  taskIndex: fc.nat(50),
  jobIndex: fc.oneof(fc.constantFrom(0, 99, 100, 101), fc.nat(2_000_000)),
  jobsSubmitted: fc.integer({ min: 1, max: 2_000_000 }),
  tasksSubmitted: count,
});

describe('the formula of contract 18', () => {
  it('gives any dataset its priority', () => {
    fc.assert(
      fc.property(anyDataset, (terms) => {
        expect(datasetPriority(terms)).toBeCloseTo(x18(terms), 12);
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives any task its priority', () => {
    const weights = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined });
    fc.assert(
      fc.property(weights, anyTask, (dataset, terms) => {
        expect(taskPriority(dataset, terms)).toBeCloseTo(y18(dataset, terms), 12);
      }),
      { numRuns: 2_000 },
    );
  });

  it('reports each step to a listener', () => {
    fc.assert(
      fc.property(anyDataset, anyTask, (dataset, task) => {
        const steps: (readonly [string, number])[] = [];
        const onStep = (step: string, priority: number): unknown => steps.push([step, priority]);
        const weighed = datasetPriority(dataset, onStep);
        expect(steps.at(-1)).toEqual(['dataset_limits', weighed]);
        expect(taskPriority(weighed, task, onStep)).toBe(steps.at(-1)?.[1]);
        expect(new Set(steps.map(([step]) => step)).size).toBe(steps.length);
      }),
    );
  });
});
