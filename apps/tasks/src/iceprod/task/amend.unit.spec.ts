import { amendTask } from './amend.js';
import { taskDocument } from './document.js';
import { NOW_MICROS, TaskSpec } from './testing/task-spec.js';

const amended = (spec: TaskSpec, fields: string, task_id = 't') =>
  spec.when((view, now) => amendTask(view, { task_id, fields }, now));
const documentOf = (spec: TaskSpec) => JSON.parse(taskDocument(spec.task('t'))) as Record<string, unknown>;

describe('PATCH of a task', () => {
  it('merges any fields and answers with the document after it', () => {
    const spec = new TaskSpec().given('t', { requirements: '{"memory":4.0}' });
    const { reply, events } = amended(
      spec,
      '{"requirements.gpu":1,"grid_id":"g","note.a":1.0,"priority":2,"site":"S"}',
    );
    expect((reply as { document: string }).document).toBe(taskDocument(spec.task('t')));
    expect(documentOf(spec)).toMatchObject({
      requirements: { memory: 4, gpu: 1 },
      grid_id: 'g',
      priority: 2,
      site: 'S',
    });
    expect(taskDocument(spec.task('t'))).toContain('"note":{"a":1.0}');
    expect(events).toHaveLength(1);
  });

  it('passes every state rule and keeps words outside the vocabulary', () => {
    const spec = new TaskSpec().given('t', { status: 'complete' });
    amended(spec, '{"status":"melted"}');
    expect(spec.task('t')).toMatchObject({ status: 'melted', changedMicros: NOW_MICROS });
  });

  it('leaves the time of the status alone unless it changes or is given', () => {
    const spec = new TaskSpec().given('t', { changedMicros: 1_000_000 });
    amended(spec, '{"status":"idle","failures":2}');
    expect(spec.task('t')).toMatchObject({ changedMicros: 1_000_000, failures: 2 });
    amended(spec, '{"status":"failed","status_changed":"2026-01-01T00:00:00.000009"}');
    expect(documentOf(spec)).toMatchObject({ status: 'failed', status_changed: '2026-01-01T00:00:00.000009' });
  });

  it('moves the task to another dataset, but not its home', () => {
    const spec = new TaskSpec().given('t');
    amended(spec, '{"dataset_id":"e"}');
    expect(spec.task('t').workload).toBe('e');
    expect(spec.view.streamOf(spec.task('t').key)).toBe('work-iceprod.main.d');
  });

  it.each([
    ['{}', 'Missing update data'],
    ['{"task_id":"other"}', 'invalid value for task_id'],
    ['{"name":"a\\ud800"}', 'invalid value for name'],
    ['{"site":"\\udc00"}', 'invalid value for site'],
    ['{"failures":-1}', 'invalid value for failures'],
    ['{"status_changed":"yesterday"}', 'invalid value for status_changed'],
    ['{"name.x":1}', 'Cannot set field name.x'],
  ])('refuses %s', (fields, error) => {
    const spec = new TaskSpec().given('t');
    expect(amended(spec, fields)).toMatchObject({ error, events: [] });
  });

  it('finds no unknown task', () => {
    expect(amended(new TaskSpec(), '{"priority":1}').error).toBe('Task not found');
  });
});
