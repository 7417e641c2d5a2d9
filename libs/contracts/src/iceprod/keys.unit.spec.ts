import { projectKeys, wantedFields } from './keys.js';

const TASK =
  '{"task_id":"t1","name":"generate","requirements":{"cpu":1.0,"memory":12345678901234567890},"files":[{"a":1,"b":2},3]}';

const project = (keys: readonly string[] | undefined, forced?: readonly string[]): string =>
  projectKeys(TASK, wantedFields(keys, forced));

describe('keys', () => {
  it('does not change the document when no keys are given', () => {
    expect(project(undefined, ['task_id'])).toBe(TASK);
    expect(project([], ['task_id'])).toBe(TASK);
    expect(project(['', ''])).toBe(TASK);
  });

  it('keeps only the named fields, unknown names are missing', () => {
    expect(project(['name', 'nope'])).toBe('{"name":"generate"}');
  });

  it('adds the forced field', () => {
    expect(project(['name'], ['task_id'])).toBe('{"task_id":"t1","name":"generate"}');
    expect(project(['nope'], ['task_id'])).toBe('{"task_id":"t1"}');
  });

  it('picks nested fields, and an empty object when the field is missing', () => {
    expect(project(['requirements.cpu'])).toBe('{"requirements":{"cpu":1.0}}');
    expect(project(['requirements.gpu'])).toBe('{"requirements":{}}');
    expect(project(['requirements.memory', 'requirements.cpu'])).toBe(
      '{"requirements":{"cpu":1.0,"memory":12345678901234567890}}',
    );
  });

  it('picks nothing from a value without fields, and the fields of objects in an array', () => {
    expect(project(['name.first'])).toBe('{}');
    expect(project(['files.b'])).toBe('{"files":[{"b":2}]}');
  });

  it.each([[['requirements', 'requirements.cpu']], [['requirements.cpu', 'requirements']]])(
    'takes the union of %j',
    (keys) => {
      expect(project(keys)).toBe('{"requirements":{"cpu":1.0,"memory":12345678901234567890}}');
    },
  );

  it('ignores _id and names that start with $', () => {
    expect(project(['_id', '$where', 'name'])).toBe('{"name":"generate"}');
    expect(project(['_id'], ['task_id'])).toBe('{"task_id":"t1"}');
  });

  it('ignores names from the prototype', () => {
    expect(project(['__proto__', 'constructor', 'toString.length'])).toBe('{}');
    expect(projectKeys('{"__proto__":{"a":1.0}}', wantedFields(['__proto__.a']))).toBe('{"__proto__":{"a":1.0}}');
  });

  it('accepts extremely deep names', () => {
    expect(project(['a.'.repeat(20_000)])).toBe('{}');
  });
});
