import type { Queue } from '#contracts/panda/queues.js';
import { someQueue } from '../testing/queue.js';
import { Broker, NoQueue, type QueueChoice } from './broker.js';
import { type ChunkNeeds, coresIn, minRamOf } from './requirements.js';

const CHOICE: QueueChoice = {
  ...{ label: 'user', site: null, cloud: null, included: [], excluded: [] },
  failedBuilds: new Set(),
};
const NEEDS: ChunkNeeds = {
  ...{ cores: 1, disk: 100, walltime: undefined },
  ram: { count: 2000, isPerCore: true, base: 0 },
};

type Counts = Readonly<Record<string, Readonly<Record<string, number>>>>;

const brokerOf = (queues: readonly Queue[], choice: Partial<QueueChoice> = {}, counts: Counts = {}): Broker =>
  new Broker(
    { queues: () => queues, countAtSite: (site, status) => counts[site]?.[status] ?? 0 },
    { ...CHOICE, ...choice },
  );

const placed = (found: Queue | NoQueue): string => (found instanceof NoQueue ? found.reason : found.name);

/** What brokerage says when the only queue is like this. */
const placedIn = (queue: Partial<Queue>, choice: Partial<QueueChoice> = {}, needs: Partial<ChunkNeeds> = {}): string =>
  placed(brokerOf([someQueue({ name: 'A', ...queue })], choice).place({ ...NEEDS, ...needs }));

describe('brokerage', () => {
  it.each<[string, Partial<Queue>, Partial<QueueChoice>, Partial<ChunkNeeds>]>([
    ['an online queue', {}, {}, {}],
    ['a queue in test, for tests', { status: 'test' }, { label: 'prod_test' }, {}],
    ['a queue for analysis, for users', { type: 'analysis' }, {}, {}],
    ['a queue for production, for others', { type: 'production' }, { label: 'managed' }, {}],
    ['the site', {}, { site: 'A' }, {}],
    ['a queue of the site', { site: 'CERN' }, { site: 'CERN' }, {}],
    ['what is included', {}, { included: ['B', '*A*'] }, {}],
    ['any cloud', { cloud: 'US' }, { cloud: 'WORLD' }, {}],
    ['the cloud', { cloud: 'US' }, { cloud: 'US' }, {}],
    ['many cores', { capability: 'mcore', cores: 8 }, {}, { cores: 8 }],
    ['as much memory as there is', { maxrss: 1800 }, {}, {}],
    ['as much time as there is', { maxtime: 3600 }, {}, { walltime: 3600 }],
    ['as much disk as there is', { maxwdir: 100 }, {}, {}],
  ])('takes %s', (_, queue, choice, needs) => {
    expect(placedIn(queue, choice, needs)).toBe('A');
  });

  it.each<[string, Partial<Queue>, Partial<QueueChoice>, Partial<ChunkNeeds>]>([
    ['not online: A', { status: 'brokeroff' }, {}, {}],
    ['not online: A', { status: 'test' }, {}, {}],
    ['not for jobs with the label user: A', { type: 'production' }, {}, {}],
    ['not for jobs with the label managed: A', { type: 'analysis' }, { label: 'managed' }, {}],
    ['not for jobs with the label user: A', { type: 'special' }, {}, {}],
    ['not the site B: A', {}, { site: 'B' }, {}],
    ['not in includedSite: A', {}, { included: ['B', 'AB*'] }, {}],
    ['in excludedSite: A', {}, { excluded: ['*'] }, {}],
    ['not in cloud US: A', {}, { cloud: 'US' }, {}],
    ['build failed: A', {}, { failedBuilds: new Set(['A']) }, {}],
    ['no jobs with 8 cores: A', { capability: 'score' }, {}, { cores: 8 }],
    ['no jobs with one core: A', { capability: 'mcore' }, {}, {}],
    ['maxrss below 1800 MB: A', { maxrss: 1799 }, {}, {}],
    ['maxrss below 14400 MB: A', { maxrss: 14_399, cores: -1 }, {}, { cores: 8 }],
    ['maxwdir below 100 MB: A', { maxwdir: 99 }, {}, {}],
    ['maxtime below 3600 s: A', { maxtime: 3599 }, {}, { walltime: 3600 }],
  ])('says %s', (reason, queue, choice, needs) => {
    expect(placedIn(queue, choice, needs)).toBe(`no queue can run the jobs. ${reason}`);
  });

  it('lists per reason the queues that were lost', () => {
    const names = ['A', 'B', 'C', 'D', 'E', 'F'];
    const queues = [
      ...names.map((name) => someQueue({ name, status: 'offline' })),
      someQueue({ name: 'G', maxrss: 1000 }),
    ];
    expect(placed(brokerOf(queues).place(NEEDS))).toBe(
      'no queue can run the jobs. not online: A, B, C, D and 2 more; maxrss below 1800 MB: G',
    );
    expect(placed(brokerOf([]).place(NEEDS))).toBe('no queue is configured');
  });

  it('takes the queue with the lowest (queued + 1) / (running + 1)', () => {
    const queues = ['A', 'B', 'C'].map((name) => someQueue({ name }));
    const counts = {
      ...{ A: { activated: 9, running: 4 }, B: { activated: 2, assigned: 1, defined: 1, running: 9 } },
      C: { activated: 0, running: 0 },
    };
    expect(placed(brokerOf(queues, {}, counts).place(NEEDS))).toBe('B');
  });

  it('spreads the jobs of one change over equal queues', () => {
    const broker = brokerOf(['A', 'B', 'C'].map((name) => someQueue({ name })));
    const names = Array.from({ length: 9 }, () => placed(broker.place(NEEDS)));
    expect(names).toEqual(['A', 'B', 'C', 'A', 'B', 'C', 'A', 'B', 'C']);
  });

  it('gives a queue with many running jobs more of them', () => {
    const broker = brokerOf([someQueue({ name: 'A' }), someQueue({ name: 'B' })], {}, { B: { running: 9 } });
    const names = Array.from({ length: 11 }, () => placed(broker.place(NEEDS)));
    expect(names.filter((name) => name === 'A')).toHaveLength(1);
  });

  it.each([
    [1, 1, 1],
    [0, 8, 1],
    [-1, 8, 8],
    [8, 4, 8],
    [8, 1, 1],
    [8, 0, 8],
    [-1, 0, 1],
  ])('gives a job in a queue of %d cores, whose task asks for %d, %d', (queueCores, taskCores, expected) => {
    expect(coresIn(queueCores, taskCores)).toBe(expected);
  });

  it.each([
    [{ count: 2000, isPerCore: true, base: 0 }, 1, 1800],
    [{ count: 2000, isPerCore: true, base: 1000 }, 8, 15_300],
    [{ count: 2000, isPerCore: false, base: 1 }, 8, 1800],
  ])('asks for the memory %j of %d cores less a tenth: %d', (ram, cores, expected) => {
    expect(minRamOf(ram, cores)).toBe(expected);
  });

  it('spreads jobs that share a chunk over as many queues as they may have, and as there are', () => {
    const queues = ['A', 'B', 'C'].map((name) => someQueue({ name }));
    const spread = (jobs: number, sites: number, all = queues): readonly string[] => {
      const found = brokerOf(all, {}, { B: { activated: 5 } }).placeAll(NEEDS, jobs, sites);
      return found instanceof NoQueue ? [found.reason] : found.map(({ name }) => name);
    };
    expect(spread(1, 1)).toEqual(['A']);
    expect(spread(3, 2)).toEqual(['A', 'C', 'A']);
    expect(spread(3, 5)).toEqual(['A', 'C', 'B']);
    expect(spread(2, 2, queues.slice(0, 2))).toEqual(['A', 'B']);
    expect(spread(2, 2, [])).toEqual(['no queue is configured']);
  });
});
