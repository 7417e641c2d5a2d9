import fc from 'fast-check';
import type { HarvesterEvents, WorkerFields } from '#contracts/panda/worker-events.js';
import { FINAL_WORKER_STATUSES, isFinalWorker, WORKER_STATUSES } from '#contracts/panda/statuses.js';
import { finished } from '#event-sourcing/testing/finished.js';
import { harvesterTime } from './harvester-time.js';
import { recordJobWorkers, updateWorkers } from './update-workers.js';
import type { HarvesterView, Worker } from './view.js';

const HOUR = 3_600 * 1_000_000;

/** Workers as events make them, without a table. */
class Workers {
  readonly stored = new Map<number, Worker>();
  readonly jobs = new Map<number, readonly number[]>();
  isKnownInstance = true;
  readonly view: Pick<HarvesterView, 'worker' | 'isInstance'> = {
    worker: (_harvester, id) => this.stored.get(id),
    isInstance: () => this.isKnownInstance,
  };

  private apply(events: readonly { readonly data: object }[], timeMicros: number): void {
    for (const { data } of events) {
      for (const { worker_id: id, set, ...report } of (data as HarvesterEvents['WorkersReported']).workers) {
        this.stored.set(id, { fields: { ...this.stored.get(id)?.fields, ...set }, lastUpdateMicros: timeMicros });
        if (report.jobs !== undefined) this.jobs.set(id, report.jobs);
        if (report.adds_jobs !== undefined) this.jobs.set(id, [...(this.jobs.get(id) ?? []), ...report.adds_jobs]);
      }
    }
  }

  update(timeMicros: number, ...workers: readonly unknown[]): readonly boolean[] {
    const decision = finished(updateWorkers(this.view as HarvesterView, { harvester_id: 'h', workers }, timeMicros));
    this.apply(decision.events, timeMicros);
    return (decision.reply as { stored: readonly boolean[] }).stored;
  }

  acquire(timeMicros: number, id: number, ...jobs: readonly number[]): void {
    const request = { harvester_id: 'h', worker_id: id, panda_ids: jobs };
    this.apply(recordJobWorkers(this.view as HarvesterView, request, timeMicros).events, timeMicros);
  }

  fields(id: number): WorkerFields | undefined {
    return this.stored.get(id)?.fields;
  }
}

describe('workers', () => {
  it('are inserted and updated by the fields that are given', () => {
    const workers = new Workers();
    workers.update(0, { workerID: 1, status: 'submitted', nCore: 8, batchID: '9.0', token: 'x' });
    workers.update(HOUR, { workerID: '1', status: 'running', diagMessage: 'd'.repeat(600), nCore: null });
    expect(workers.fields(1)).toEqual({
      ...{ status: 'running', nCore: null, batchID: '9.0', diagMessage: 'd'.repeat(500) },
    });
  });

  it.each(FINAL_WORKER_STATUSES.flatMap((final) => WORKER_STATUSES.map((later): [string, string] => [final, later])))(
    'stay %s for three hours whatever comes: %s',
    (final, later) => {
      const workers = new Workers();
      workers.update(0, { workerID: 1, status: final });
      workers.update(3 * HOUR, { workerID: 1, status: later, nJobs: 7 });
      expect(workers.fields(1)).toMatchObject({ status: final, nJobs: 7 });
      workers.update(6 * HOUR + 1, { workerID: 1, status: later });
      expect(workers.fields(1)).toMatchObject({ status: later, nJobs: 7 });
    },
  );

  it.each(WORKER_STATUSES.filter((status) => !isFinalWorker(status)))('leave %s at once', (status) => {
    const workers = new Workers();
    workers.update(0, { workerID: 1, status });
    workers.update(1, { workerID: 1, status: 'cancelled' });
    expect(workers.fields(1)?.status).toBe('cancelled');
  });

  it('get other jobs by a list that is not empty', () => {
    const workers = new Workers();
    workers.update(0, { workerID: 1, pandaid_list: [5, 6, '7', 5] });
    expect(workers.jobs.get(1)).toEqual([5, 6, 7]);
    workers.update(1, { workerID: 1, pandaid_list: [] }, { workerID: 1 }, { workerID: 1, pandaid_list: null });
    expect(workers.jobs.get(1)).toEqual([5, 6, 7]);
    workers.update(2, { workerID: 1, pandaid_list: [8] });
    expect(workers.jobs.get(1)).toEqual([8]);
  });

  it('run when they acquire jobs, unless they are final, and have these jobs if their instance is known', () => {
    const workers = new Workers();
    workers.acquire(0, 1, 5);
    workers.acquire(1, 1, 6);
    expect([workers.fields(1), workers.jobs.get(1)]).toEqual([{ status: 'running', nJobs: 1 }, [5, 6]]);
    workers.update(2, { workerID: 1, status: 'finished', nJobs: 2 });
    workers.acquire(3, 1, 7);
    expect(workers.fields(1)).toEqual({ status: 'finished', nJobs: 1 });
    workers.isKnownInstance = false;
    workers.acquire(0, 2, 5);
    expect([workers.fields(2), workers.jobs.get(2)]).toEqual([{ status: 'running', nJobs: 1 }, undefined]);
  });

  it('that cannot be stored are told in their order', () => {
    const workers = new Workers();
    const wrong: readonly unknown[] = [
      ...[null, 3, 'x', [], {}, { workerID: null }, { workerID: 'x' }, { workerID: 1.5 }, { workerID: -1 }],
      ...[
        { workerID: 2, status: 'banana' },
        { workerID: 2, status: null },
        { workerID: 2, nCore: 'eight' },
      ],
      ...[
        { workerID: 2, startTime: 'yesterday' },
        { workerID: 2, startTime: 7 },
        { workerID: 2, batchID: {} },
      ],
      ...[
        { workerID: 2, pandaid_list: 5 },
        { workerID: 2, pandaid_list: ['x'] },
        { workerID: 2, nCore: 1e300 },
      ],
    ];
    const mixed = wrong.flatMap((each, index) => [each, { workerID: 100 + index }]);
    expect(workers.update(0, ...mixed)).toEqual(mixed.map((_each, index) => index % 2 === 1));
    expect(workers.stored.size).toBe(wrong.length);
    expect(workers.update(0)).toEqual([]);
  });

  it('are recorded by hundreds in few events of bounded size', () => {
    const many = Array.from({ length: 500 }, (_, id) => ({ workerID: id, stdOut: 'é'.repeat(500), status: 'running' }));
    const view = new Workers().view as HarvesterView;
    const { events } = finished(updateWorkers(view, { harvester_id: 'h', workers: many }, 0));
    expect(events.length).toBeLessThan(8);
    for (const event of events) expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(250_000);
    expect(events.flatMap(({ data }) => (data as HarvesterEvents['WorkersReported']).workers)).toHaveLength(500);
  });

  it('are what the last report says, however reports are cut and ordered, but for final statuses', () => {
    const report = fc.record({
      workerID: fc.integer({ min: 1, max: 3 }),
      status: fc.constantFrom(...WORKER_STATUSES),
      nCore: fc.integer({ min: 0, max: 3 }),
    });
    const step = fc.record({ waitHours: fc.integer({ min: 0, max: 5 }), reports: fc.array(report, { maxLength: 4 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const workers = new Workers();
        const expected = new Map<number, { status: string; nCore: number; at: number }>();
        let time = 0;
        for (const { waitHours, reports } of steps) {
          time += waitHours * HOUR;
          expect(workers.update(time, ...reports)).toEqual(reports.map(() => true));
          for (const { workerID, status, nCore } of reports) {
            const before = expected.get(workerID);
            const keeps = before !== undefined && isFinalWorker(before.status) && time - before.at <= 3 * HOUR;
            expected.set(workerID, { status: keeps ? before.status : status, nCore, at: time });
          }
          for (const [id, { status, nCore }] of expected) expect(workers.fields(id)).toEqual({ status, nCore });
        }
      }),
    );
  });
});

describe('times of harvester', () => {
  it.each([
    ['datetime/2025-06-01 12:00:00.000000', '2025-06-01T12:00:00'],
    ['datetime/2025-06-01 12:00:00.120000', '2025-06-01T12:00:00.120000'],
    ['datetime/2025-06-01 12:00:00', '2025-06-01T12:00:00'],
    ['02-NOV-24 00:02:18', '2024-11-02T00:02:18'],
    ['02-nov-24 00:02:18', '2024-11-02T00:02:18'],
    ['2025-06-01T12:00:00Z', '2025-06-01T12:00:00'],
    ['2025-06-01T12:00:00+02:00', '2025-06-01T10:00:00'],
    ['2025-06-01 12:00:00.5', '2025-06-01T12:00:00.500000'],
    ['2025-06-01T12:00:00.1234567', '2025-06-01T12:00:00.123456'],
    ['2025-02-30 12:00:00', undefined],
    ['31-FOO-24 00:02:18', undefined],
    ['2025-06-01', undefined],
    ['2025-06-01 25:00:00', undefined],
    ['', undefined],
  ])('%s', (text, time) => {
    expect(harvesterTime(text)).toBe(time);
  });
});
