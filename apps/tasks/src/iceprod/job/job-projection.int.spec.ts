import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { DomainError } from '#platform/domain-error.js';
import { idAt } from '#contracts/ids.js';
import { JOB_STATUSES, type JobStatus } from '#contracts/iceprod/statuses.js';
import type { Ranges } from '#contracts/work-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { AppliedEvent, ProjectionWriter } from '#event-sourcing/projection.js';
import type { ListCursor } from '../../workload/list-cursor.js';
import { WORKLOAD_TABLE } from '../../workload/workloads.js';
import { actOnJobs, addJob, amendJob, jobsAdded, setJobStatus } from './job-decider.js';
import { JobProjection } from './job-projection.js';
import type { Jobs } from './job-rows.js';
import { evolve, type Job, jobDocument, type JobEvent } from './job.js';

const START_MICROS = 1_767_225_600_000_000;

/** A read model with jobs only: applies events as the runner would. */
class Model {
  readonly database = new DatabaseSync(':memory:');
  readonly jobs: Jobs;
  now = START_MICROS;
  private readonly writer: ProjectionWriter;

  constructor() {
    const projection = new JobProjection();
    this.database.exec(`${WORKLOAD_TABLE}${projection.tables}${projection.indexes}`);
    this.writer = projection.attach(this.database);
    this.jobs = projection.jobs;
  }

  apply({ stream, type, data }: DecidedEvent): number {
    this.now += 1;
    const event: AppliedEvent = {
      stream,
      revision: 0,
      id: '',
      type,
      data: { ...data },
      metadata: {
        timeMicros: this.now,
        actor: 'a',
        dialect: 'iceprod',
        correlationId: 'c',
        causationId: 'c',
        schemaVersion: 1,
      },
    };
    const work = this.writer.apply(event);
    return work === undefined ? 0 : [...work].length;
  }

  add(datasetId: string, count: number, prefix: string): void {
    this.apply(jobsAdded(this.jobs, { datasetId, firstIndex: 0, count, status: 'processing' }, { prefix }));
  }

  all(datasetId: string): Job[] {
    return [...this.jobs.slicesOf(datasetId, [])].flat();
  }
}

const moved = (groups: Ranges, status: string): DecidedEvent => ({
  stream: 'work-iceprod.main.d',
  type: 'GroupsMoved',
  data: { groups, status },
});

const amended = (ordinal: number, fields: object): DecidedEvent => ({
  stream: 'work-iceprod.main.d',
  type: 'GroupAmended',
  data: { groups: [[ordinal, ordinal]], fields: JSON.stringify(fields) },
});

describe('the tables of jobs', () => {
  it('list jobs in creation order, page by page', () => {
    const model = new Model();
    model.add('d', 4_500, 'p');
    model.add('e', 1, 'q');
    const pages = [...model.jobs.slicesOf('d', [])];
    expect(pages.map((page) => page.length)).toEqual([2_000, 2_000, 500]);
    expect(pages.flat().map(({ id }) => id)).toEqual(Array.from({ length: 4_500 }, (_, index) => idAt('p', index)));
    expect(pages.flat().map(({ index }) => index)).toEqual(Array.from({ length: 4_500 }, (_, index) => index));
    expect(model.jobs.nextOrdinal('d')).toBe(4_500);
    expect(model.jobs.nextOrdinal('unknown')).toBe(0);
  });

  it('look only at a bounded number of rows for a page', () => {
    const model = new Model();
    model.add('d', 30_000, 'p');
    model.apply(moved([[29_999, 29_999]], 'errors'));
    const pages = [...model.jobs.slicesOf('d', ['errors'])];
    expect(pages).toHaveLength(3);
    expect(pages.flat().map(({ ordinal }) => ordinal)).toEqual([29_999]);
  });

  it('are found by their index among however many, those moved there last', () => {
    const model = new Model();
    model.add('e', 1, 'q');
    model.add('d', 30_000, 'p');
    const twin = { datasetId: 'd', firstIndex: 29_999, count: 1, status: 'errors' } as const;
    model.apply(jobsAdded(model.jobs, twin, { id: 'twin' }));
    const [job] = model.all('e');
    model.apply({ ...amended(0, { dataset_id: 'd', job_index: 29_999 }), stream: job?.stream ?? '' });
    const found = (statuses: readonly JobStatus[], after?: ListCursor, rows?: number) => {
      const { jobs, next } = model.jobs.slice('d', { statuses, index: 29_999 }, after, rows);
      return { ids: jobs.map(({ job: { id } }) => id), next };
    };
    expect(found([])).toEqual({ ids: [idAt('p', 29_999), 'twin', idAt('q', 0)], next: undefined });
    expect(found(['errors'])).toEqual({ ids: ['twin'], next: undefined });
    const first = found([], undefined, 2);
    expect(first.ids).toEqual([idAt('p', 29_999), 'twin']);
    expect(found([], first.next, 2)).toEqual({ ids: [idAt('q', 0)], next: undefined });
  });

  it('pause in bulk work', () => {
    const model = new Model();
    model.add('d', 10_000, 'p');
    expect(model.apply(moved([[0, 9_999]], 'errors'))).toBeGreaterThanOrEqual(4);
    expect(model.jobs.counts('d')).toEqual([['errors', 10_000]]);
  });

  it('list a job where a client moved it to, and keep its home', () => {
    const model = new Model();
    model.add('d', 2, 'p');
    model.add('e', 1, 'q');
    model.apply(amended(0, { dataset_id: 'e' }));
    expect(model.all('d').map(({ id }) => id)).toEqual([idAt('p', 1)]);
    expect(model.all('e').map(({ id, stream }) => [id, stream])).toEqual([
      [idAt('q', 0), 'work-iceprod.main.e'],
      [idAt('p', 0), 'work-iceprod.main.d'],
    ]);
    expect(model.jobs.counts('e')).toEqual([['processing', 2]]);
    model.apply(moved([[0, 1]], 'suspended'));
    expect(model.jobs.counts('d')).toEqual([['suspended', 1]]);
    expect(model.jobs.counts('e')).toEqual([
      ['processing', 1],
      ['suspended', 1],
    ]);
  });

  it('find jobs by id and by key', () => {
    const model = new Model();
    model.add('d', 2, 'p');
    const stored = model.jobs.storedById(idAt('p', 1));
    expect(stored?.job.ordinal).toBe(1);
    expect(model.jobs.idOf(stored?.key ?? 0)).toBe(idAt('p', 1));
    expect(model.jobs.byId('nope')).toBeUndefined();
  });

  it('hold what evolve makes of any events, and counts equal the jobs', () => {
    const count = 8;
    const status = fc.constantFrom(...JOB_STATUSES);
    const ordinal = fc.nat(count - 1);
    const range = fc.tuple(ordinal, ordinal).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    const fields = fc.oneof(
      fc.record({ status: fc.oneof(status, fc.constant('melted'), fc.constant(7)) }),
      fc.record({ job_index: fc.oneof(fc.nat(3), fc.constant('x')), note: fc.string() }),
      fc.record({ dataset_id: fc.constantFrom('d', 'e') }),
      fc.constant({ status_changed: '' }),
    );
    const event = fc.oneof(
      fc.tuple(range, status).map(([groups, to]) => moved([groups], to)),
      fc.tuple(ordinal, ordinal, status).map(([a, b, to]) =>
        moved(
          a < b
            ? [
                [a, a],
                [b, b],
              ]
            : [[a, a]],
          to,
        ),
      ),
      fc.tuple(ordinal, fields).map(([at, set]) => amended(at, set)),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        const model = new Model();
        model.add('d', count, 'p');
        let expected = model.all('d');
        for (const each of events) {
          model.apply(each);
          const { groups = [] } = each.data as { groups?: Ranges };
          const change = { type: each.type, data: each.data, timeMicros: model.now } as JobEvent;
          expected = expected.map((job) =>
            groups.some(([first, last]) => first <= job.ordinal && job.ordinal <= last) ? evolve(job, change) : job,
          );
        }
        const shown = [...model.all('d'), ...model.all('e')].sort((a, b) => a.ordinal - b.ordinal);
        expect(shown.map(jobDocument)).toEqual(expected.map(jobDocument));
        for (const datasetId of ['d', 'e']) {
          const listed = model.all(datasetId);
          const counted = JOB_STATUSES.map(
            (word) => [word, listed.filter((job) => job.status === word).length] as const,
          );
          expect(model.jobs.counts(datasetId)).toEqual(counted.filter(([, jobs]) => jobs > 0));
        }
        model.database.close();
      }),
      { numRuns: 150 },
    );
  });

  it('serve the deciders', () => {
    const model = new Model();
    const run = (decision: { readonly events: readonly DecidedEvent[] } | DomainError): void => {
      if (decision instanceof DomainError) throw decision;
      for (const event of decision.events) model.apply(event);
    };
    for (let index = 0; index < 5; index += 1)
      run(addJob(model.jobs, { dataset_id: 'd', job_index: index }, `j${String(index)}`));
    run(setJobStatus(model.jobs, { dataset_id: 'd', job_id: 'j1', status: 'errors' }));
    run(amendJob(model.jobs, { job_id: 'j2', fields: '{"status":"melted"}' }, model.now));
    const acting = actOnJobs(model.jobs, { dataset_id: 'd', action: 'hard_reset' });
    let step = acting.next();
    while (step.done !== true) step = acting.next();
    run(step.value);
    expect(model.jobs.counts('d')).toEqual([['processing', 5]]);
  });
});
