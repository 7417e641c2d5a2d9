import { DEFAULT_SHARES } from '#contracts/panda/queues.js';
import type { StatisticsRequest } from '#contracts/panda/statistics.js';
import type { JobStatus } from '#contracts/panda/statuses.js';
import { JobStore, type SomeJobs } from '../testing/some-jobs.js';
import { jobStatistics } from './job-statistics.js';

const MINUTE = 60;

describe('statistics of jobs', () => {
  let jobs: JobStore;
  const create = (count: number, status: JobStatus, more: SomeJobs = {}): readonly number[] =>
    jobs.create(count, { status, ...more, set: { cloud: 'WORLD', ...more.set } });
  const end = (id: number, status: 'finished' | 'failed'): void => {
    const { home, ordinal } = jobs.job(id);
    const data = { units: [[ordinal, ordinal]], status, end: { set: {}, inputs: 'finished' } };
    jobs.apply([{ stream: home.stream, type: status === 'finished' ? 'UnitSucceeded' : 'UnitFailed', data }]);
  };
  const ask = (request: StatisticsRequest): unknown =>
    JSON.parse(jobStatistics(jobs.view.counts, DEFAULT_SHARES, request, jobs.nowMicros));

  beforeEach(() => {
    jobs = new JobStore();
    const [first = 0] = create(1, 'running');
    create(2, 'activated', { label: 'panda' });
    create(1, 'merging');
    create(1, 'starting', { site: 'SITE_B', label: 'managed', needs: { share: 'Production', resource_type: 'MCORE' } });
    create(1, 'defined', { site: '', label: 'managed', needs: { share: 'Undefined' }, set: { cloud: null } });
    const [second = 0] = create(1, 'running', { label: 'managed', needs: { share: 'Production' } });
    end(first, 'finished');
    jobs.wait(10 * MINUTE);
    end(second, 'failed');
  });

  it('are empty without jobs (D7)', () => {
    jobs = new JobStore();
    expect(ask({ by: 'site' })).toEqual({});
  });

  it('by cloud have the labels of their kind, and a word for no cloud', () => {
    expect(ask({ by: 'cloud', jobs: 'analysis' })).toEqual({ WORLD: { activated: 2, finished: 1, merging: 1 } });
    expect(ask({ by: 'cloud', jobs: 'production' })).toEqual({
      ...{ WORLD: { starting: 1, failed: 1 }, Undefined: { defined: 1 } },
    });
    expect(ask({ by: 'cloud-and-processing-type' })).toEqual({
      WORLD: { 'panda-client': { starting: 1, failed: 1 } },
      Undefined: { 'panda-client': { defined: 1 } },
    });
    jobs.wait(12 * 60 * MINUTE - 10 * MINUTE + 1);
    expect(ask({ by: 'cloud', jobs: 'analysis' })).toEqual({ WORLD: { activated: 2, merging: 1 } });
  });

  it('by site tell active jobs without merging ones, and zeros that harvester relies on', () => {
    expect(ask({ by: 'site' })).toEqual({
      SITE_A: { assigned: 0, activated: 2, running: 0 },
      SITE_B: { assigned: 0, activated: 0, running: 0, starting: 1 },
    });
    expect(ask({ by: 'site-in-detail' })).toEqual({
      SITE_A: { SCORE: { user: { merging: 1 }, panda: { activated: 2 } } },
      SITE_B: { MCORE: { managed: { starting: 1 } } },
    });
  });

  it('by resource type count final jobs of the window, and fill in zeros', () => {
    const zeros = { assigned: 0, activated: 0, running: 0, finished: 0, failed: 0 };
    const siteB = { MCORE: { ...zeros, starting: 1 } };
    const by = 'site-and-resource-type';
    expect(ask({ by, minutes: 720 })).toEqual({
      ...{ SITE_A: { SCORE: { ...zeros, activated: 2, merging: 1, finished: 1, failed: 1 } }, SITE_B: siteB },
    });
    expect(ask({ by, minutes: 10 })).toMatchObject({ SITE_A: { SCORE: { finished: 0, failed: 1 } } });
    expect(ask({ by, minutes: 0 })).toMatchObject({ SITE_A: { SCORE: { finished: 0, failed: 0 } } });
    expect(ask({ by: 'site-share-and-resource-type', minutes: 720 })).toEqual({
      SITE_A: {
        user: { SCORE: { activated: 2, merging: 1, finished: 1 } },
        managed: { SCORE: { failed: 1 } },
      },
      SITE_B: { managed: { MCORE: { starting: 1 } } },
    });
  });

  it('name no label for a share that is unknown', () => {
    create(1, 'running', { site: 'SITE_C', needs: { share: 'Gone' } });
    expect(ask({ by: 'site-share-and-resource-type', minutes: 720 })).toMatchObject({
      SITE_C: { unknown: { SCORE: { running: 1 } } },
    });
  });

  it('survive names that objects have a meaning for', () => {
    create(1, 'running', { site: '__proto__', label: 'constructor' });
    const text = jobStatistics(jobs.view.counts, DEFAULT_SHARES, { by: 'site-in-detail' }, jobs.nowMicros);
    expect(text).toContain('"__proto__":{"SCORE":{"constructor":{"running":1}}}');
  });
});
