import { DatabaseSync } from 'node:sqlite';
import type { Action } from '#contracts/iceprod/actions.js';
import type { RequestEvents } from '#contracts/iceprod/request-events.js';
import type { ProjectionWriter } from '#event-sourcing/projection.js';
import { requestProjection, Requests } from './request-projection.js';

const SECOND = 1_000_000;
const DAY = 24 * 3600 * SECOND;

/** The tables of requests alone, fed with facts. */
class Model {
  readonly database = new DatabaseSync(':memory:');
  readonly requests: Requests;
  now = 1_000 * DAY;
  private readonly writer: ProjectionWriter;

  constructor() {
    this.database.exec(requestProjection.tables);
    this.database.exec(requestProjection.indexes);
    this.writer = requestProjection.attach(this.database);
    this.requests = new Requests(this.database);
  }

  apply<Type extends keyof RequestEvents>(type: Type, data: RequestEvents[Type]): void {
    this.now += 1;
    const trace = { actor: 'a', dialect: 'iceprod', correlationId: 'c', causationId: 'c', schemaVersion: 1 };
    const metadata = { timeMicros: this.now, ...trace };
    void this.writer.apply({ stream: 's', revision: 0, id: '', type, data: { ...data }, metadata });
  }

  make(id: string, action: Action = 'submit', datasetId?: string): void {
    const dataset = datasetId === undefined ? {} : { dataset_id: datasetId };
    this.apply('RequestQueued', {
      ...{
        request_id: id,
        action,
        ...dataset,
        arguments: { raw: '{}' },
        creator: 'alice',
        role: 'user',
        groups: ['users'],
      },
    });
  }

  get open(): readonly string[] {
    return [...this.requests.open()].map(({ id }) => id);
  }
}

describe('requests', () => {
  it('come by priority, then attempts, then age; what an earlier process has begun comes first', () => {
    const model = new Model();
    model.make('material', 'materialization', 'd');
    for (const id of ['a', 'b', 'c']) model.make(id);
    expect(model.open).toEqual(['a', 'b', 'c', 'material']);
    model.apply('RequestStarted', { request_id: 'material' });
    expect(model.open).toEqual(['material', 'a', 'b', 'c']);
    expect(model.requests.find('material')).toMatchObject({ status: 'processing', attempts: 1 });
  });

  it('are not tried again when they have failed, and stay finished whatever comes later', () => {
    const model = new Model();
    model.make('bad');
    model.make('good');
    for (const id of ['bad', 'good']) model.apply('RequestStarted', { request_id: id });
    model.apply('RequestFailed', { request_id: 'bad', message: 'no such thing' });
    model.apply('RequestCompleted', { request_id: 'good', results: '{"progress":100}' });
    expect(model.open).toEqual([]);
    // Somebody who was taken for dead.
    model.apply('RequestStarted', { request_id: 'bad' });
    model.apply('RequestCompleted', { request_id: 'bad', results: '{}' });
    model.apply('RequestFailed', { request_id: 'good', message: 'late' });
    model.apply('RequestProgressed', { request_id: 'good', progress: 7 });
    expect(model.open).toEqual([]);
    expect(model.requests.find('bad')).toMatchObject({ status: 'error', message: 'no such thing', attempts: 1 });
    expect(model.requests.find('good')).toMatchObject({ status: 'complete', message: '', progress: undefined });
  });

  it('are interrupted when a start follows another, unless the process paused them', () => {
    const model = new Model();
    model.make('a');
    const seen = () => {
      const { interruptions, isStarted } = model.requests.find('a') ?? {};
      return [interruptions, isStarted];
    };
    model.apply('RequestStarted', { request_id: 'a' });
    expect(seen()).toEqual([0, true]);
    model.apply('RequestPaused', { request_id: 'a' });
    expect(seen()).toEqual([0, false]);
    for (const interruptions of [0, 1, 2]) {
      model.apply('RequestStarted', { request_id: 'a' });
      expect(seen()).toEqual([interruptions, true]);
    }
  });

  it('are counted by name and status', () => {
    const model = new Model();
    expect(model.requests.counts(undefined)).toEqual({ queued: 0, processing: 0, error: 0, complete: 0 });
    for (const id of ['a', 'b', 'c']) model.make(id);
    model.make('m', 'materialization', 'd');
    model.apply('RequestStarted', { request_id: 'a' });
    model.apply('RequestStarted', { request_id: 'b' });
    model.apply('RequestFailed', { request_id: 'b', message: 'x' });
    model.make('a');
    expect(model.requests.counts('submit')).toEqual({ queued: 1, processing: 1, error: 1, complete: 0 });
    expect(model.requests.counts(undefined)).toEqual({ queued: 2, processing: 1, error: 1, complete: 0 });
  });

  it('are shown for a month after their end, open ones as long as they are open', () => {
    const model = new Model();
    for (const id of ['done', 'failed', 'open']) model.make(id, 'materialization', id);
    model.apply('JobsPlanned', { request_id: 'done', dataset_id: 'done', from: 0, to: 5 });
    model.apply('RequestCompleted', { request_id: 'done', results: '{}' });
    model.apply('RequestFailed', { request_id: 'failed', message: 'x' });
    model.now += 31 * DAY - 10;
    model.make('later');
    expect(model.requests.find('done')).toBeDefined();
    expect(model.requests.latestMaterialization('failed')).toBeDefined();
    model.now += 20;
    model.make('last');
    expect(['done', 'failed', 'open', 'later'].map((id) => model.requests.find(id)?.id)).toEqual([
      ...[undefined, undefined, 'open', 'later'],
    ]);
    expect(model.requests.plan('done', 'done')).toBeUndefined();
    expect(model.requests.latestMaterialization('failed')).toBeUndefined();
    expect(model.requests.counts(undefined)).toEqual({ queued: 3, processing: 0, error: 0, complete: 0 });
    expect(model.requests.openMaterialization('open')).toBe('open');
  });
});
