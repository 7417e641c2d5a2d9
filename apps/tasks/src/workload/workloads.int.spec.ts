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
  const facts = () => {
    const workloads = new Workloads(database);
    return workloads.factsOf(workloads.idOfDataset('d') ?? -1);
  };

  beforeEach(() => {
    database = new DatabaseSync(':memory:');
    projection = new WorkloadProjection();
    database.exec(projection.tables);
    writer = projection.attach(database);
  });

  afterEach(() => database.close());

  it('follow what happens to a dataset and tell who listens', () => {
    const told: number[] = [];
    projection.onFacts((id) => told.push(id));
    apply('WorkloadSubmitted', { workload_id: 'd', dataset: 7, status: 'suspended', debug: true });
    expect(facts()).toEqual({ number: 7, status: 'suspended', truncated: false, debug: true });
    apply('WorkloadMoved', { status: 'errors' });
    apply('DatasetTruncated');
    expect(facts()).toEqual({ number: 7, status: 'errors', truncated: true, debug: true });
    apply('WorkloadMoved', { status: 'processing', forced: true });
    expect(facts()).toMatchObject({ status: 'processing', truncated: true });
    expect(told).toHaveLength(4);
  });

  it('are numbered for ids that nobody has submitted, in either order', () => {
    const workloads = new Workloads(database);
    const id = workloads.ensure(workStream('d'), 'd');
    expect(workloads.factsOf(id)).toEqual({ number: undefined, status: undefined, truncated: false, debug: false });
    apply('WorkloadSubmitted', { workload_id: 'd', dataset: 1, status: 'processing', debug: false });
    expect(workloads.idOfDataset('d')).toBe(id);
    expect(workloads.factsOf(id)).toMatchObject({ number: 1, status: 'processing' });
    expect(workloads.idOfDataset('other')).toBeUndefined();
  });

  it('keep their names through streams, however odd or long', () => {
    const workloads = new Workloads(database);
    const long = 'x'.repeat(400);
    for (const name of ['a/b c.d', 'é', long]) {
      const id = workloads.ensure(workStream(name), name);
      expect([workloads.nameOf(id), workloads.workStreamOf(id)]).toEqual([name, workStream(name)]);
      expect(new Workloads(database).idOfDataset(name)).toBe(id);
    }
    expect(workloads.nameOf(workloads.ensure(workStream('only.by/stream')))).toBe('only.by/stream');
  });

  it('forget what was rolled back', () => {
    const workloads = new Workloads(database);
    database.exec('BEGIN');
    workloads.ensure(workStream('d'), 'd');
    database.exec('ROLLBACK');
    workloads.forget();
    expect(workloads.idOfDataset('d')).toBeUndefined();
  });
});
