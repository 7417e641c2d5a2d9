import { DomainError } from '#platform/domain-error.js';
import { finished } from '#event-sourcing/testing/finished.js';
import { compileSpecification, type CompiledSpecification } from './compile.js';
import { formatted, parameterValues } from './parameter-values.js';

const compiled = (specification: object): CompiledSpecification | DomainError =>
  finished(compileSpecification(JSON.stringify(specification)));

const names = (specification: object): unknown => {
  const outcome = compiled(specification);
  if (outcome instanceof DomainError) return outcome.message;
  return outcome.jobs.map(({ document }) => (JSON.parse(document) as { name: string }).name);
};

const refusal = (specification: object): string => {
  const outcome = compiled(specification);
  return outcome instanceof DomainError ? outcome.message : 'accepted';
};

describe('the values of a parameter', () => {
  it.each([
    ['1:5', [1, 2, 3, 4, 5]],
    ['0:10:5', [0, 5, 10]],
    ['10:0:-5', [10, 5, 0]],
    ['0:1:0.1', [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]],
    ['[0.1,0.01]', [0.1, 0.01]],
    ['[\'adam\', "sgd", rms]', ['adam', 'sgd', 'rms']],
    [
      [1, 'a'],
      [1, 'a'],
    ],
    [7, [7]],
    ['single', ['single']],
  ])('%j are %j', (value, values) => {
    expect(parameterValues(value)).toEqual(values);
  });

  it.each([['1:5:0'], ['5:1'], ['[]'], [[]], [[{}]], [true], [null], ['1:1000000000000']])(
    '%j are refused',
    (value) => {
      expect(parameterValues(value)).toBeInstanceOf(DomainError);
    },
  );

  it.each([
    [7, '03d', '007'],
    [-7, '04d', '-007'],
    [7, '3', '  7'],
    [0.1, '.4f', '0.1000'],
    [1, '', '1'],
    [12345.678, '.2e', '1.23e+4'],
    [2, '06.2f', '002.00'],
    ['a', '', 'a'],
  ])('%j is written %s as %j', (value, format, text) => {
    expect(formatted(value, format)).toBe(text);
  });

  it.each([
    [1.5, 'd'],
    ['a', '03d'],
    [1, 'x'],
  ])('%j is not written %s', (value, format) => {
    expect(formatted(value, format)).toBeInstanceOf(DomainError);
  });
});

describe('a specification with parameters', () => {
  it('has a job, file and user data for each combination, joined by their names', () => {
    const outcome = compiled({
      files: [{ name: 'out_{i:03d}', path: 'out/{i}.json', parameters: { i: '1:3' } }],
      user_data: [{ name: 'u{i}', data: { 'seed {i}': ['{i}', 1.5] }, parameters: { i: '1:3' } }],
      jobs: [
        {
          name: 'work_{i}_{lr:.2f}',
          command: 'w --lr {lr} --name {who} "${HOME}" {unknown}',
          parameters: { i: '1:3', lr: '[0.1,0.01]' },
          input_user_data: ['u{i}'],
          output_files: ['out_{i:03d}'],
        },
        { name: 'plot', command: 'plot', blocked_by: ['work_1_0.10', 'work_3_0.01'] },
      ],
    });
    if (outcome instanceof DomainError) throw outcome;
    expect(outcome.documents.map(({ documents }) => documents)).toEqual([
      [
        '{"name":"out_001","path":"out/1.json"}',
        '{"name":"out_002","path":"out/2.json"}',
        '{"name":"out_003","path":"out/3.json"}',
      ],
      [1, 2, 3].map((i) => `{"name":"u${i}","data":{"seed ${i}":["${i}",1.5]},"is_ephemeral":false}`),
    ]);
    const jobs = outcome.jobs.map(({ document }) => JSON.parse(document) as Record<string, unknown>);
    expect(jobs.map(({ name }) => name)).toEqual([
      ...['work_1_0.10', 'work_1_0.01', 'work_2_0.10', 'work_2_0.01', 'work_3_0.10', 'work_3_0.01'],
      'plot',
    ]);
    expect(jobs[1]).toEqual({
      name: 'work_1_0.01',
      command: 'w --lr 0.01 --name {who} "${HOME}" {unknown}',
      cancel_on_blocking_job_failure: true,
      supports_termination: false,
    });
    expect(outcome.edges.get('produces')).toEqual([6, 0, 7, 0, 8, 1, 9, 1, 10, 2, 11, 2]);
    expect(outcome.edges.get('consumes')).toEqual([6, 3, 7, 3, 8, 4, 9, 4, 10, 5, 11, 5]);
    expect(outcome.edges.get('blocks')).toEqual([6, 12, 11, 12]);
  });

  it('takes values side by side on request, and shares parameters', () => {
    const job = { name: '{a}{b}', command: 'c' };
    expect(names({ jobs: [{ ...job, parameters: { a: '1:2', b: "['x','y']" }, parameter_mode: 'zip' }] })).toEqual([
      '1x',
      '2y',
    ]);
    expect(names({ parameters: { a: '1:2', b: [9] }, jobs: [{ ...job, use_parameters: ['a', 'b'] }] })).toEqual([
      '19',
      '29',
    ]);
    expect(
      names({ parameters: { a: '1:2' }, jobs: [{ ...job, use_parameters: ['a'], parameters: { b: 'z' } }] }),
    ).toEqual(['1z', '2z']);
    // Without asking for them, a job has none of the shared ones.
    expect(names({ parameters: { a: '1:2' }, jobs: [job] })).toEqual(['{a}{b}']);
  });

  it('writes texts so that they stay JSON', () => {
    expect(names({ jobs: [{ name: 'n{a}', command: 'c', parameters: { a: ['"quoted" \\ \n'] } }] })).toEqual([
      'n"quoted" \\ \n',
    ]);
  });

  it.each([
    [{ parameters: { i: '1:3' }, parameter_mode: 'sum' }, /^jobs\[0\]: parameter_mode must be/],
    [{ parameters: { i: '1:3', j: '1:2' }, parameter_mode: 'zip' }, /as many values/],
    [{ parameters: { i: '3:1' } }, /parameter i: the range is empty/],
    [{ parameters: { 'a b': 1 } }, /"a b" is no name of a parameter/],
    [{ parameters: [] }, /parameters must be an object/],
    [{ use_parameters: ['x'] }, /the specification has no parameter "x"/],
    [{ use_parameters: 'x' }, /use_parameters must be a list/],
    [{ name: '{i:q}', parameters: { i: '1:3' } }, /\{i:q\}: "q" is not a format/],
    [{ parameters: { i: '1:1000', j: '1:1000' } }, /more than 250000 jobs/],
    [{ parameters: { i: '1:100000' }, command: 'x'.repeat(10_000) }, /characters/],
  ])('is refused when a job has %j', (extra, message) => {
    expect(refusal({ jobs: [{ name: 'n', command: 'c', ...extra }] })).toMatch(message);
  });

  it('is refused when it becomes too large in several steps', () => {
    const jobs = ['1:2', '1:250000'].map((i) => ({ command: 'c', parameters: { i } }));
    expect(refusal({ jobs })).toMatch(/^jobs\[1\]: parameters make more than/);
  });
});
