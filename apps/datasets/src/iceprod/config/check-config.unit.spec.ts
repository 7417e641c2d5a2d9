import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { DomainError } from '#platform/domain-error.js';
import { checkConfig } from './check-config.js';

const module = { src: '/cvmfs/x/run.py', args: '--seed $(job)' };
const task = (fields: object = {}): object => ({ name: 'generate', trays: [{ modules: [module] }], ...fields });
const config = (fields: object = {}): object => ({ version: 3.2, tasks: [task()], ...fields });

const outcomeOf = (document: unknown): string => {
  const outcome = checkConfig('d', JSON.stringify(document));
  return outcome instanceof DomainError ? `${outcome.kind}: ${outcome.message}` : 'accepted';
};
const error = (path: string, message: string): string => `invalid: Validation error in config${path}: ${message}`;

describe('a config', () => {
  it.each<[string, unknown]>([
    ['the smallest', config()],
    ['version as text', config({ version: '3.2' })],
    ['no version', { tasks: [task()] }],
    [
      'other keys on top, in tasks and requirements',
      config({
        categories: [],
        difplus: null,
        tasks: [task({ extra: 1, requirements: { gpu: 1, memory: '4', special: true } })],
      }),
    ],
    ['steering', config({ steering: { parameters: { a: 1 }, batchsys: { condor: { x: 'y' } }, data: [] } })],
    [
      'data',
      config({
        tasks: [
          task({
            data: [
              { type: 'permanent', movement: 'output', remote: 'gsiftp://x', transfer: 'maybe' },
              { type: 'job_temp', local: 'out.i3', transfer: 0 },
            ],
          }),
        ],
      }),
    ],
    [
      'task files with scopes',
      config({ tasks: [task({ task_files: true, token_scopes: { 'osdf:///x': 'storage.read:/' } })] }),
    ],
    [
      'arguments in each form',
      config({
        tasks: [task({ trays: [{ modules: [{ args: 'a' }, { args: ['a', 'b'] }, { args: { a: 1 } }, {}] }] })],
      }),
    ],
    ['an old one', { version: 3, tasks: [{ anything: null }], steering: null }],
    ['an old one with version as text', { version: '3.0', tasks: [{}] }],
    [
      '3.1 with what 3.2 forbids',
      {
        version: 3.1,
        tasks: [
          task({
            task_files: true,
            data: [{ type: 'permanent' }],
            trays: [{ more: 1, data: [], modules: [{ more: 1, data: [{ type: 'job_temp' }] }] }],
          }),
        ],
      },
    ],
    ['a task with a name that objects have', config({ tasks: [task({ name: '__proto__' })] })],
  ])('is accepted: %s', (_name, document) => {
    expect(outcomeOf(document)).toBe('accepted');
  });

  it.each<[string, unknown]>([
    [error('', "'tasks' is a required property"), { version: 3.2 }],
    [error('', "'tasks' is a required property"), { version: 3 }],
    [error("['tasks']", "{} is not of type 'array'"), config({ tasks: {} })],
    [error("['tasks']", '[] should be non-empty'), { version: 3, tasks: [] }],
    [error("['tasks'][1]", "None is not of type 'object'"), { version: 3, tasks: [{}, null] }],
    [error("['tasks'][0]", "'trays' is a required property"), config({ tasks: [{ name: 'a' }] })],
    [error("['tasks'][0]", "'name' is a required property"), config({ tasks: [{ trays: [{ modules: [{}] }] }] })],
    [error("['tasks'][0]['trays']", '[] should be non-empty'), config({ tasks: [task({ trays: [] })] })],
    [error("['tasks'][0]['trays'][0]", "'modules' is a required property"), config({ tasks: [task({ trays: [{}] })] })],
    [
      error("['tasks'][0]['trays'][0]['modules']", '[] should be non-empty'),
      config({ tasks: [task({ trays: [{ modules: [] }] })] }),
    ],
    [
      error("['tasks'][0]['trays'][0]", "Additional properties are not allowed ('data' was unexpected)"),
      config({ tasks: [task({ trays: [{ modules: [module], data: [] }] })] }),
    ],
    [
      error("['tasks'][0]['trays'][0]['modules'][0]['args'][0]", "1 is not of type 'string'"),
      config({ tasks: [task({ trays: [{ modules: [{ args: [1] }] }] })] }),
    ],
    [
      error("['tasks'][0]['trays'][0]['modules'][0]['args']", "1 is not of type 'string', 'array', 'object'"),
      config({ tasks: [task({ trays: [{ modules: [{ args: 1 }] }] })] }),
    ],
    [error("['tasks'][1]['name']", "'generate' is not unique"), config({ tasks: [task(), task()] })],
    [error("['description']", "1 is not of type 'string'"), config({ description: 1 })],
    [
      error("['steering']", "Additional properties are not allowed ('x' was unexpected)"),
      config({ steering: { x: 1 } }),
    ],
    [
      error("['steering']['batchsys']['condor']", "1 is not of type 'object'"),
      config({ steering: { batchsys: { condor: 1 } } }),
    ],
    [
      error("['tasks'][0]['requirements']['cpu']", "1.5 is not of type 'integer'"),
      config({ tasks: [task({ requirements: { cpu: 1.5 } })] }),
    ],
    [
      error(
        "['tasks'][0]['data'][0]['type']",
        "'x' is not one of ['permanent', 'job_temp', 'dataset_temp', 'site_temp']",
      ),
      config({ tasks: [task({ data: [{ type: 'x' }] })] }),
    ],
    [error("['tasks'][0]['data'][0]", "'type' is a required property"), config({ tasks: [task({ data: [{}] })] })],
    [
      error("['tasks'][0]['data'][0]['remote']", "'' is too short"),
      config({ tasks: [task({ data: [{ type: 'permanent' }] })] }),
    ],
    [
      error("['tasks'][0]['data'][0]['local']", "'ab' is too short"),
      config({ tasks: [task({ data: [{ type: 'job_temp', local: 'ab' }] })] }),
    ],
    [
      error("['tasks'][0]['data'][0]['remote']", "'x' is expected to be empty"),
      config({ tasks: [task({ data: [{ type: 'site_temp', local: 'abc', remote: 'x' }] })] }),
    ],
    [error("['tasks'][0]['token_scopes']", '{} should be non-empty'), config({ tasks: [task({ task_files: true })] })],
    [
      error("['tasks'][0]['token_scopes']['osdf:///x']", "'read' is too short"),
      config({ tasks: [task({ task_files: true, token_scopes: { 'osdf:///x': 'read' } })] }),
    ],
    [error("['version']", '4 is not one of [3, 3.1, 3.2]'), config({ version: 4 })],
    [error("['version']", "'new' is not one of [3, 3.1, 3.2]"), config({ version: 'new' })],
    [error("['version']", 'None is not one of [3, 3.1, 3.2]'), config({ version: null })],
    ['invalid: dataset_id mismatch', config({ dataset_id: 'e', tasks: 1 })],
    ['invalid: unknown validation error', [config()]],
  ])('is refused: %s', (message, document) => {
    expect(outcomeOf(document)).toBe(message);
  });

  // What Python's jsonschema 4.26 said about the same configs under the same schema.
  it.each<[string, string]>([
    [error("['tasks']", "1.0 is not of type 'array'"), '{"version":3.2,"description":"d","tasks":1.0}'],
    [error("['tasks']", "100000.0 is not of type 'array'"), '{"version":3.2,"tasks":1e5}'],
    [error("['tasks']", "1e+16 is not of type 'array'"), '{"version":3.2,"tasks":10000000000000000.0}'],
    [error("['tasks']", "1e-07 is not of type 'array'"), '{"version":3.2,"tasks":0.0000001}'],
    [error("['tasks']", "-0.0 is not of type 'array'"), '{"version":3.2,"tasks":-0.0}'],
    [error("['tasks']", "12345678901234567890 is not of type 'array'"), '{"version":3.2,"tasks":12345678901234567890}'],
    [
      error("['tasks']", "{'a': [1.0, None, True, \"it's\"]} is not of type 'array'"),
      '{"version":3.2,"tasks":{"a":[1.0,null,true,"it\'s"]}}',
    ],
    [
      error("['tasks']", "'\\x00\\t\\xa0\\u200b\\\\é\\U000e0001' is not of type 'array'"),
      String.raw`{"version":3.2,"tasks":"\u0000\t\u00a0\u200b\\é\udb40\udc01"}`,
    ],
    [
      error("['tasks'][0]['trays'][0]", "Additional properties are not allowed ('a', 'b' were unexpected)"),
      '{"version":3.2,"tasks":[{"name":"n","trays":[{"b":1,"a":2}]}]}',
    ],
    // Of places equally deep the later one, of a value all that can be wrong with its type first.
    [error("['tasks']", "1 is not of type 'array'"), '{"version":3.2,"description":2,"tasks":1}'],
    [
      error("['tasks'][1]", "'name' is a required property"),
      '{"version":3.2,"tasks":[{"name":"a"},{"name2":"b","requirements":{"cpu":"x"}}]}',
    ],
    [
      error("['tasks'][0]['data'][0]['type']", "5 is not of type 'string'"),
      '{"version":3.2,"tasks":[{"name":"a","trays":[{"modules":[{}]}],"data":[{"type":5}]}]}',
    ],
  ])('is refused in the words of Python: %s', (message, text) => {
    expect(checkConfig('d', text)).toMatchObject({ kind: 'invalid', message: message.replace('invalid: ', '') });
  });

  it.each(['tasks', 'options', 'version'])('is so deep that no reader comes back from it: %s', (name) => {
    const deep = (levels: number): string => `{"${name}":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect(checkConfig('d', deep(100_000))).toMatchObject({ message: 'unknown validation error' });
    // What is just not too deep is judged like any other.
    expect(checkConfig('d', deep(999))).toMatchObject({
      message: expect.stringMatching(/^Validation error/) as string,
    });
  });

  it('is no JSON', () => {
    expect(checkConfig('d', '{')).toMatchObject({ message: 'unknown validation error' });
  });
});

const EXAMPLES = new URL('../../../../../examples/iceprod/', import.meta.url);
const examples = readdirSync(EXAMPLES).filter((name) => name.endsWith('.json'));

it.each(examples)('the example %s is accepted and stored to the letter', (name) => {
  const text = readFileSync(new URL(name, EXAMPLES), 'utf8');
  expect(checkConfig('d', text)).toBe(text);
});

describe('what is stored', () => {
  it('is the text that was sent, defaults not filled in', () => {
    const text = '{ "tasks": [ {"name":"a","trays":[{"modules":[{}]}], "x": 1.0} ],\n "big": 12345678901234567890 }';
    expect(checkConfig('d', text)).toBe(text);
  });

  it('is without dataset_id, number texts and order of keys kept', () => {
    const text = '{"z": 1.0, "2": 1e2, "dataset_id": "d", "1": -0.0, "version": 3, "tasks": [{"dataset_id": "x"}]}';
    expect(checkConfig('d', text)).toBe('{"z":1.0,"2":1e2,"1":-0.0,"version":3,"tasks":[{"dataset_id": "x"}]}');
  });
});

it('answers every JSON document with a config or a refusal of one line', () => {
  const nearly = fc.record(
    {
      version: fc.constantFrom(3, 3.1, 3.2, '3.2', 4),
      tasks: fc.oneof(fc.jsonValue(), fc.array(fc.oneof(fc.constant(task()), fc.jsonValue()))),
      steering: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), nearly), (document) => {
      const text = JSON.stringify(document);
      const outcome = checkConfig('d', text);
      if (outcome instanceof DomainError)
        expect(outcome.message).toMatch(/^(Validation error in config|unknown validation error|dataset_id mismatch)/);
      else expect(outcome).toBe(text);
    }),
    { numRuns: 300 },
  );
});
