import { DatabaseSync } from 'node:sqlite';
import type { AppliedEvent, ProjectionWriter } from '#event-sourcing/projection.js';
import { WorkloadProjection } from './workload-projection.js';
import { Workloads, workStream } from './workloads.js';

describe('workloads', () => {
  let database: DatabaseSync;
  let projection: WorkloadProjection;
  let writer: ProjectionWriter;

  const apply = (type: string, data: AppliedEvent['data'] = {}, datasetId = 'd'): void => {
    const stream = `workload-iceprod.main.${datasetId}`;
    const metadata = {
      timeMicros: 1,
      actor: 'a',
      dialect: 'iceprod',
      correlationId: '',
      causationId: '',
      schemaVersion: 1,
    };
    writer.apply({ stream, revision: 0, id: '', type, data, metadata });
  };
  const status = () => {
    const workloads = new Workloads(database);
    return workloads.statusOf(workloads.find('iceprod', 'd') ?? -1);
  };

  beforeEach(() => {
    database = new DatabaseSync(':memory:');
    projection = new WorkloadProjection();
    database.exec(projection.tables);
    writer = projection.attach(database);
  });

  afterEach(() => database.close());

  it('follow the status of a workload and notify listeners', () => {
    const notified: number[] = [];
    projection.onStatus((id) => notified.push(id));
    apply('WorkloadSubmitted', { workload_id: 'd', status: 'suspended' });
    expect(status()).toBe('suspended');
    apply('WorkloadMoved', { status: 'errors' });
    expect(status()).toBe('errors');
    apply('WorkloadMoved', { status: 'processing', forced: true });
    expect(status()).toBe('processing');
    expect(notified).toHaveLength(3);
  });

  it('are numbered for ids that nobody has submitted, in either order', () => {
    const workloads = new Workloads(database);
    const id = workloads.ensure(workStream('iceprod', 'd'), 'd');
    expect([workloads.statusOf(id), workloads.dialectOf(id)]).toEqual([undefined, 'iceprod']);
    apply('WorkloadSubmitted', { workload_id: 'd', status: 'processing' });
    expect(workloads.find('iceprod', 'd')).toBe(id);
    expect(workloads.statusOf(id)).toBe('processing');
    expect(workloads.find('iceprod', 'other')).toBeUndefined();
  });

  it('of two dialects may have the same id', () => {
    const workloads = new Workloads(database);
    const [iceprod, torc] = [workloads.ensure(workStream('iceprod', '1')), workloads.ensure(workStream('torc', '1'))];
    expect(iceprod).not.toBe(torc);
    expect([workloads.find('iceprod', '1'), workloads.find('torc', '1')]).toEqual([iceprod, torc]);
    expect([workloads.dialectOf(iceprod), workloads.dialectOf(torc)]).toEqual(['iceprod', 'torc']);
    expect(workloads.find('panda', '1')).toBeUndefined();
  });

  it('keep their names through streams, however odd or long', () => {
    const workloads = new Workloads(database);
    const long = 'x'.repeat(400);
    for (const name of ['a/b c.d', 'é', long]) {
      const id = workloads.ensure(workStream('iceprod', name), name);
      expect([workloads.nameOf(id), workloads.workStreamOf(id)]).toEqual([name, workStream('iceprod', name)]);
      expect(new Workloads(database).find('iceprod', name)).toBe(id);
    }
    expect(workloads.nameOf(workloads.ensure(workStream('iceprod', 'only.by/stream')))).toBe('only.by/stream');
  });

  it('forget what was rolled back', () => {
    const workloads = new Workloads(database);
    database.exec('BEGIN');
    workloads.ensure(workStream('iceprod', 'd'), 'd');
    database.exec('ROLLBACK');
    workloads.forget();
    expect(workloads.find('iceprod', 'd')).toBeUndefined();
  });
});
