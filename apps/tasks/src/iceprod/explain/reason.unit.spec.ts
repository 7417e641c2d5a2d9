import { membersOf } from '#contracts/raw-json.js';
import { unmetRequirements } from '../offer.js';
import { type Circumstances, type OfferMatch, reasonOf } from './reason.js';
import { RecentOffers } from './recent-offers.js';
import { remainingDocument } from './remaining.js';

const READY: Circumstances = {
  ...{ status: 'waiting', phase: 'ready', site: '', datasetStatus: 'processing', openDependencies: 0 },
  ...{ firstOpen: undefined, ahead: 0, offers: [], isAutomatic: true, isFull: false },
};
const IDLE: Circumstances = { ...READY, status: 'idle', phase: 'held', ahead: undefined };
const QUEUED: Circumstances = { ...READY, status: 'queued', phase: 'claimed', site: 'UW', ahead: undefined };

const offer = (more: Partial<OfferMatch>): OfferMatch => ({
  ...{ concerns: true, unmet: [], isFiltered: false },
  ...more,
});
const small = offer({ unmet: [{ name: 'memory' }] });
const NOBODY_ASKED = 'It is ready, but no worker has asked for tasks like it since Cairn started.';

describe('the reason why a task is not running', () => {
  it.each<[string, Circumstances, string]>([
    ['complete', { ...IDLE, phase: 'succeeded' }, 'It is complete.'],
    ['running', { ...QUEUED, phase: 'running' }, 'It is running at UW.'],
    ['handed out', QUEUED, 'It was handed to a worker at UW that has not started it yet.'],
    [
      'failed',
      { ...IDLE, phase: 'failed', datasetStatus: 'errors' },
      'It has failed and waits until somebody resets it.',
    ],
    [
      'of a dataset that stopped',
      { ...READY, datasetStatus: 'suspended' },
      'Its dataset is suspended: only tasks of processing datasets are handed out.',
    ],
    ['suspended', { ...IDLE, status: 'suspended' }, 'It is suspended and waits until somebody resets it.'],
    [
      'waiting for others',
      { ...IDLE, openDependencies: 2, firstOpen: { id: 'abc', status: 'failed' } },
      'It waits for 2 tasks to complete, such as abc (failed).',
    ],
    [
      'waiting for somebody unknown',
      { ...IDLE, openDependencies: 1, firstOpen: { id: 'abc', status: undefined } },
      'It waits for 1 task to complete, such as abc (unknown).',
    ],
    [
      'waiting for a worker, but promoted before its dependency was reset',
      { ...READY, openDependencies: 1, firstOpen: { id: 'abc', status: 'idle' } },
      'It waits for 1 task to complete, such as abc (idle).',
    ],
    [
      'queued for pilots, but promoted before its dependency was reset',
      { ...READY, status: 'queued', phase: 'claimed', openDependencies: 1, firstOpen: { id: 'abc', status: 'idle' } },
      'It waits for 1 task to complete, such as abc (idle).',
    ],
    ['idle', IDLE, 'It depends on nothing that is open and is about to be queued.'],
    [
      'idle without a dataset',
      { ...IDLE, datasetStatus: undefined },
      'It depends on nothing that is open, but nobody has submitted its dataset: only a client can queue it.',
    ],
    [
      'idle where clients queue',
      { ...IDLE, isAutomatic: false },
      'It depends on nothing that is open and waits for a client to queue it: this Cairn does not queue by itself.',
    ],
    [
      'idle among too many',
      { ...IDLE, isFull: true },
      'It depends on nothing that is open, but as many tasks wait for workers as may; it is queued when there is room.',
    ],
    ['first of nobody', READY, NOBODY_ASKED],
    [
      'first',
      { ...READY, offers: [offer({})] },
      'It is ready and waits for a worker to ask; no task of its kind goes first.',
    ],
    [
      'third',
      { ...READY, offers: [offer({})], ahead: 2 },
      'It is ready and waits for a worker to ask; 2 tasks of its kind go first.',
    ],
    [
      'queued for pilots',
      { ...QUEUED, offers: [offer({})], ahead: 1 },
      'It is ready and waits for a worker to ask; 1 task of its kind goes first.',
    ],
    [
      'too large for all',
      { ...READY, offers: [offer({ isFiltered: true }), small, small] },
      'It is ready, but fits none of the offers last seen (3): memory, filters of the offer.',
    ],
    [
      'suited by one',
      { ...READY, offers: [small, offer({})] },
      'It is ready and waits for a worker to ask; no task of its kind goes first.',
    ],
    ['not what the offers ask for', { ...READY, offers: [{ ...small, concerns: false }] }, NOBODY_ASKED],
  ])('of one that is %s', (_, circumstances, reason) => {
    expect(reasonOf(circumstances)).toBe(reason);
  });
});

describe('what does not fit an offer', () => {
  it.each<[string, string, readonly string[]]>([
    ['{"memory":4,"cpu":1}', '{"memory":8,"cpu":1}', ['memory']],
    ['{"gpu":1}', '{}', ['gpu']],
    ['{"site":"UW","os":"RHEL_9"}', '{"site":"AWS","os":["RHEL_8","RHEL_9"]}', ['site']],
    ['{"memory":4}', '{"disk":100}', []],
  ])('%s for %s', (offered, asked, names) => {
    expect(unmetRequirements(offered, membersOf(asked))).toEqual(names);
  });
});

describe('recent offers', () => {
  const request = (memory: string) => ({
    ...{ mode: 'queue' as const, num: 1, requirements: `{"memory":${memory}}`, query_params: '{}', dataset_deprio: [] },
  });

  it('are the last twenty distinct ones, latest first', () => {
    const offers = new RecentOffers();
    for (let memory = 0; memory < 30; memory += 1) offers.remember(request(String(memory)), memory, false);
    offers.remember(request('15'), 30, true);
    offers.remember(request('9'.repeat(20_000)), 31, true);
    const latest = offers.latest();
    expect(latest).toHaveLength(20);
    expect(latest.slice(0, 2).map(({ seenMicros, found }) => [seenMicros, found])).toEqual([
      [30, true],
      [29, false],
    ]);
    expect(latest.at(-1)?.seenMicros).toBe(10);
  });
});

describe('remaining work', () => {
  const counts = (entries: Record<string, number>) => new Map(Object.entries(entries));

  it('is what is not complete, at the mean time of what is', () => {
    const work = [
      { name: 'generate', counts: counts({ complete: 2, failed: 1, waiting: 3 }), meanHours: 1.5 },
      { name: 'done', counts: counts({ complete: 2 }), meanHours: 7 },
    ];
    expect(JSON.parse(remainingDocument(work))).toEqual({
      tasks: {
        generate: { complete: 2, remaining: 4, avg_hrs: 1.5, remaining_hrs: 6 },
        done: { complete: 2, remaining: 0, avg_hrs: 7, remaining_hrs: 0 },
      },
      remaining: 4,
      remaining_hrs: 6,
    });
  });

  it('is unknown as a whole when a name has no sample', () => {
    const work = [
      { name: 'generate', counts: counts({ complete: 1, waiting: 1 }), meanHours: 1 },
      { name: 'filter', counts: counts({ idle: 2 }), meanHours: undefined },
    ];
    expect(JSON.parse(remainingDocument(work))).toMatchObject({
      tasks: { filter: { complete: 0, remaining: 2, avg_hrs: null, remaining_hrs: null } },
      ...{ remaining: 3, remaining_hrs: null },
    });
  });
});
