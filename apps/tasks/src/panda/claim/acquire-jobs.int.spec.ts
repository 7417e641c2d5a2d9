import fc from 'fast-check';
import type { AcquireJobsRequest } from '#contracts/panda/pilot.js';
import type { JobStatus } from '#contracts/panda/statuses.js';
import { someQueue } from '../testing/queue.js';
import { JobStore, type SomeJobs } from '../testing/some-jobs.js';
import { updateJob } from '../report/update-job.js';
import { acquireJobs } from './acquire-jobs.js';

const REQUEST: AcquireJobsRequest = {
  ...{ site_name: 'SITE_A', n_jobs: 1, prod_source_label: 'user', memory: null, disk_space: null },
  ...{ remaining_time: null, resource_type: null, task_id: null, user: null, background: false },
  ...{ computing_element: null, job_type: null, node: null, scheduler_id: null, harvester_id: null, worker_id: null },
};

const TASK = 10_000_001;

describe('acquireJobs', () => {
  let jobs: JobStore;
  beforeEach(() => {
    jobs = new JobStore();
  });

  const acquire = (request: Partial<AcquireJobsRequest> = {}, isAging = false): readonly number[] => {
    const { jobs: taken } = jobs.do((view, timeMicros) =>
      acquireJobs(view, { ...REQUEST, ...request }, isAging, timeMicros),
    );
    return taken.map(({ panda_id: id }) => id);
  };
  const one = (more: SomeJobs = {}): number => jobs.create(1, more)[0] ?? 0;

  it('hands out a job once, and says who got it', () => {
    const id = one({ set: { jobExecutionID: 1 } });
    expect(acquire({ node: 'wn1', computing_element: 'CE', scheduler_id: 'harvester-h', n_jobs: 5 })).toEqual([id]);
    expect(jobs.job(id)).toMatchObject({ status: 'sent' });
    expect(jobs.job(id).attributes).toMatchObject({
      ...{ jobStatus: 'sent', modificationHost: 'wn1', computingElement: 'CE', schedulerID: 'harvester-h' },
      ...{ startTime: '2025-06-01T12:00:00', jobExecutionID: 0, stateChangeTime: '2025-06-01T12:00:00' },
    });
    expect(acquire()).toEqual([]);
  });

  it.each([
    ['another site', { site_name: 'SITE_B' }, {}, false],
    ['an unknown site', { site_name: 'NOWHERE' }, {}, false],
    ['memory that is enough', { memory: 2_000 }, { needs: { ram: 2_000 } }, true],
    ['memory that is too little', { memory: 1_999 }, { needs: { ram: 2_000 } }, false],
    ['any memory for a job that needs none', { memory: 1 }, { needs: { ram: 0 } }, true],
    ['memory 0, which is no limit', { memory: 0 }, { needs: { ram: 2_000 } }, true],
    ['negative memory, which is no limit', { memory: -1 }, { needs: { ram: 2_000 } }, true],
    ['disk that is enough', { disk_space: 10 }, { needs: { disk: 10 } }, true],
    ['disk that is too little', { disk_space: 9 }, { needs: { disk: 10 } }, false],
    ['time that is enough', { remaining_time: 60 }, { needs: { walltime: 60 } }, true],
    ['time that is too little', { remaining_time: 59 }, { needs: { walltime: 60 } }, false],
    ['little time for a job without a limit', { remaining_time: 1 }, {}, true],
    ['background', { background: true }, { needs: { background: true as const } }, true],
    ['background for another job', { background: true }, {}, false],
    ['no background for a job of it', {}, { needs: { background: true as const } }, true],
    ['its resource type', { resource_type: 'SCORE' }, {}, true],
    ['another resource type', { resource_type: 'MCORE' }, {}, false],
    ['a glob', { resource_type: 'SCORE*' }, { needs: { resource_type: 'SCORE_HIMEM' } }, true],
    ['a glob of others', { resource_type: 'MCORE_*' }, { needs: { resource_type: 'SCORE_HIMEM' } }, false],
    ['a glob that is no pattern', { resource_type: 'S.*' }, {}, false],
    ['its user', { user: 'Demo User' }, {}, true],
    ['another user', { user: 'Other' }, {}, false],
    ['a task', { task_id: TASK }, {}, false],
  ] as const)('with %s', (_, request, more, isTaken) => {
    const id = one(more);
    expect(acquire(request)).toEqual(isTaken ? [id] : []);
  });

  it('takes jobs of the task that is asked for', () => {
    jobs.submit(TASK);
    one();
    const [id] = jobs.create(1, { task: TASK });
    expect(acquire({ task_id: TASK, n_jobs: 5 })).toEqual([id]);
  });

  it('takes little memory per core at a push queue whose jobs have asked for more than they should in the mean', () => {
    const queueIs = (workflow: string): void => {
      const queue = someQueue({ name: 'SITE_A', workflow, meanrss: 2_000 });
      jobs.apply([{ stream: 'site-panda.main.SITE_A', type: 'QueueConfigured', data: { queue } }]);
    };
    const start = (id: number): void =>
      void jobs.do((view, timeMicros) =>
        updateJob(view, { job_id: id, job_status: 'running', attempt_nr: null, fields: {} }, timeMicros),
      );
    queueIs('push');
    const [first, second, third] = jobs.create(3, { needs: { ram: 3_000 } });
    const [light] = jobs.create(1, { needs: { ram: 8_000, cores: 4 }, priority: 1 });
    expect(acquire()).toEqual([first]);
    // Sent jobs do not count.
    expect(acquire()).toEqual([second]);
    start(first ?? 0);
    expect(acquire({ n_jobs: 9 })).toEqual([light]);
    expect(acquire()).toEqual([]);
    queueIs('pull');
    expect(acquire()).toEqual([third]);
  });

  const STATUSES: readonly JobStatus[] = ['defined', 'assigned', 'throttled', 'pending', 'waiting'];
  it.each(STATUSES)('does not take a %s job', (status) => {
    one({ status });
    expect(acquire()).toEqual([]);
  });

  describe('labels', () => {
    const ALL = ['user', 'panda', 'install', 'managed', 'test', 'prod_test', 'ptest', 'rc_test'];
    const delivered = (request: Partial<AcquireJobsRequest>): readonly string[] => {
      const byId = new Map(ALL.map((label) => [one({ label }), label]));
      byId.set(one({ label: 'user', needs: { processing_type: 'gangarobot' } }), 'gangarobot');
      return acquire({ ...request, n_jobs: 20 }).map((id) => byId.get(id) ?? '');
    };

    it.each([
      ['user', {}, ['user', 'panda', 'install', 'gangarobot']],
      [null, {}, ['install', 'managed', 'test', 'prod_test']],
      ['', {}, ['install', 'managed', 'test', 'prod_test']],
      ['managed', {}, ['install', 'managed', 'test', 'prod_test']],
      ['unified', {}, ['user', 'panda', 'install', 'managed', 'test', 'prod_test', 'gangarobot']],
      ['test', { computing_element: 'CE' }, ['install', 'test', 'prod_test', 'gangarobot']],
      ['test', {}, ['test']],
      ['ptest', {}, ['ptest']],
      ['rc_test', {}, ['rc_test']],
      ['unknown', {}, []],
    ] as const)('%s with %j', (label, more, expected) => {
      expect(delivered({ prod_source_label: label, ...more })).toEqual(expected);
    });

    const configure = (status: string, type: string): void => {
      const queue = someQueue({ name: 'SITE_A', status, type });
      jobs.apply([{ stream: 'site-panda.main.SITE_A', type: 'QueueConfigured', data: { queue } }]);
    };

    it.each(['user', 'managed', 'unified'])('a test queue gives tests to who asks for %s', (label) => {
      configure('test', 'production');
      expect(delivered({ prod_source_label: label, computing_element: 'CE' })).toEqual([
        ...['install', 'test', 'prod_test', 'gangarobot'],
      ]);
    });

    it('a unified queue gives tests for users only', () => {
      configure('test', 'unified');
      expect(delivered({ prod_source_label: 'user', computing_element: 'CE', job_type: 'user' })).toEqual([
        'gangarobot',
      ]);
    });
  });

  describe('order', () => {
    it('is by priority, then by PandaID, whatever the task', () => {
      jobs.submit(TASK);
      jobs.submit(TASK + 1);
      const [a = 0] = jobs.create(1, { task: TASK + 1 });
      const [b = 0, c = 0] = jobs.create(2, { task: TASK });
      const [d = 0] = jobs.create(1, { task: TASK + 1 });
      const [e = 0] = jobs.create(1, { task: TASK, priority: 1_001 });
      expect(acquire({ n_jobs: 10 })).toEqual([e, a, b, c, d]);
    });

    it('puts the share with the least of its target first, and Test before all', () => {
      const shares = ['Production', 'User Analysis', 'Test', 'Unknown'];
      const label = 'managed';
      const [p = 0, u = 0, t = 0, n = 0] = shares.map((share) => one({ label, needs: { share } }));
      // 1 of 70 is less than 1 of 20.
      for (const share of ['Production', 'User Analysis']) {
        jobs.create(1, { site: 'SITE_B', label, needs: { share } });
        acquire({ site_name: 'SITE_B', prod_source_label: label });
      }
      expect(acquire({ prod_source_label: label, n_jobs: 10 })).toEqual([t, p, u, n]);
    });

    it('puts a share that executes nothing first', () => {
      const label = 'managed';
      jobs.create(2, { label, needs: { share: 'Production' } });
      const [analysis = 0] = jobs.create(1, { label, needs: { share: 'User Analysis' }, priority: 1 });
      acquire({ prod_source_label: label });
      expect(acquire({ prod_source_label: label })).toEqual([analysis]);
    });

    it('is by PandaID alone in claims that prevent starvation', () => {
      const ids = [one({ priority: 1 }), one({ priority: 5 }), one({ needs: { share: 'Test' }, priority: 3 })];
      expect(acquire({ n_jobs: 10 }, true)).toEqual(ids);
    });

    it('follows changes between claims', () => {
      const [a = 0, b = 0, c = 0] = jobs.create(3);
      expect(acquire()).toEqual([a]);
      const d = one({ priority: 2_000 });
      expect([...acquire(), ...acquire()]).toEqual([d, b]);
      const { home, ordinal } = jobs.job(a);
      const units = [[ordinal, ordinal]];
      jobs.apply([{ stream: home.stream, type: 'UnitsMoved', data: { units, status: 'activated' } }]);
      expect([...acquire(), ...acquire(), ...acquire()]).toEqual([a, c]);
    });
  });

  it('tells how many jobs were sent lately', () => {
    jobs.create(3, { label: 'managed' });
    const request = { ...REQUEST, prod_source_label: 'managed' };
    const sent = (): number => {
      const reply = jobs.do((view, timeMicros) => acquireJobs(view, request, false, timeMicros));
      const { nSent } = JSON.parse(reply.jobs[0]?.document ?? '{}') as { nSent: number };
      return nSent;
    };
    expect([sent(), sent()]).toEqual([0, 1]);
    jobs.wait(61);
    expect(sent()).toBe(0);
  });

  it('never hands out a job twice, and counts what it has handed out', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('create' as const),
        count: fc.integer({ min: 1, max: 5 }),
        priority: fc.integer({ min: 1, max: 3 }),
        share: fc.constantFrom('Production', 'User Analysis', 'Test'),
        ram: fc.constantFrom(0, 1_000, 2_000),
      }),
      fc.record({
        kind: fc.constant('claim' as const),
        n_jobs: fc.integer({ min: 1, max: 4 }),
        memory: fc.constantFrom(null, 1_000, 1_500),
        isAging: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        jobs = new JobStore();
        const created = new Map<number, number>();
        const taken = new Set<number>();
        for (const each of steps) {
          if (each.kind === 'create') {
            const { count, priority, share, ram } = each;
            for (const id of jobs.create(count, { priority, needs: { share, ram } })) created.set(id, ram);
            continue;
          }
          const { n_jobs, memory, isAging } = each;
          const fitting = [...created].filter(([id, ram]) => !taken.has(id) && (memory === null || ram <= memory));
          const ids = acquire({ n_jobs, memory }, isAging);
          expect(ids).toHaveLength(Math.min(n_jobs, fitting.length));
          for (const id of ids) {
            expect(taken.has(id)).toBe(false);
            expect(fitting.some(([fit]) => fit === id)).toBe(true);
            taken.add(id);
          }
        }
        expect(jobs.view.countAtSite('SITE_A', 'sent')).toBe(taken.size);
        expect(jobs.view.countAtSite('SITE_A', 'activated')).toBe(created.size - taken.size);
        const shares = ['Production', 'User Analysis', 'Test'].map((share) => jobs.view.countExecuting(share));
        expect(shares.reduce((sum, count) => sum + count, 0)).toBe(taken.size);
      }),
      { numRuns: 40 },
    );
  });
});
