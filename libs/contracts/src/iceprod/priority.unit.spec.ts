import { datasetPriority, taskPriority, type DatasetPriorityTerms } from './priority.js';

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
