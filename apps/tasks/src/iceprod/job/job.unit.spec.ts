import { evolve, type Job, jobDocument, type JobEvent } from './job.js';

const CREATED_MICROS = 1_767_225_600_000_001;
const CHANGED = '2026-01-01T00:00:00.000009';
const CHANGED_MICROS = 1_767_225_600_000_009;

const fresh: Job = {
  id: 'j',
  stream: 'work-d',
  ordinal: 3,
  datasetId: 'd',
  index: 5,
  status: 'processing',
  changedMicros: CREATED_MICROS,
  extra: undefined,
};

const amended = (fields: object | string): JobEvent => ({
  type: 'GroupAmended',
  data: { fields: typeof fields === 'string' ? fields : JSON.stringify(fields) },
  timeMicros: CHANGED_MICROS,
});

const moved = (status: string): JobEvent => ({ type: 'GroupsMoved', data: { status }, timeMicros: CHANGED_MICROS });

const given = (...events: readonly JobEvent[]): Job => events.reduce(evolve, fresh);

const shown = (...events: readonly JobEvent[]): unknown => JSON.parse(jobDocument(given(...events)));

const document = {
  job_id: 'j',
  dataset_id: 'd',
  job_index: 5,
  status: 'processing',
  status_changed: '2026-01-01T00:00:00.000001',
};

describe('a job', () => {
  it('shows its fields in the order of the contract', () => {
    expect(jobDocument(fresh)).toBe(JSON.stringify(document));
  });

  it('moves', () => {
    expect(given(moved('errors'))).toEqual({ ...fresh, status: 'errors', changedMicros: CHANGED_MICROS });
  });

  it('is amended in its own fields', () => {
    expect(given(amended({ status: 'complete', job_index: 6, dataset_id: 'e', job_id: 'k' }))).toEqual({
      ...fresh,
      id: 'k',
      datasetId: 'e',
      index: 6,
      status: 'complete',
      changedMicros: CHANGED_MICROS,
    });
  });

  it('keeps the time of its status when only other fields change, or when the client gives one', () => {
    expect(shown(amended({ job_index: 6 }))).toMatchObject({ status_changed: document.status_changed });
    expect(shown(amended({ status: 'processing' }))).toMatchObject({ status_changed: document.status_changed });
    expect(shown(amended({ status: 'errors', status_changed: '2020-02-02T02:02:02.020202' }))).toMatchObject({
      status: 'errors',
      status_changed: '2020-02-02T02:02:02.020202',
    });
  });

  it.each([
    { status: 'melted' },
    { status: 7 },
    { job_index: '6' },
    { job_index: 1.5 },
    { status_changed: '' },
    { status_changed: 'yesterday', status: null, job_index: [1], more: { deep: true } },
  ])('shows %j as a client put it in', (fields) => {
    const time = 'status' in fields && !('status_changed' in fields) ? { status_changed: CHANGED } : {};
    expect(shown(amended(fields))).toEqual({ ...document, ...time, ...fields });
  });

  it('keeps number texts through later changes', () => {
    const job = given(amended('{"weight":1.0,"seed":12345678901234567890}'), moved('errors'), amended('{"x":2}'));
    expect(jobDocument(job)).toContain('"weight":1.0,"seed":12345678901234567890,"x":2');
  });

  it('is sound again when it moves after a client has overwritten its status', () => {
    expect(given(amended({ status: 'melted', status_changed: '' }), moved('processing'))).toEqual({
      ...fresh,
      changedMicros: CHANGED_MICROS,
    });
  });

  it('stays as it is when an amendment cannot be carried out', () => {
    expect(given(amended({ 'status.x': 1 }))).toEqual(fresh);
  });
});
