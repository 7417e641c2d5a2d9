import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fields, readSpecification } from './read-specification.js';
import { tolerantSpecification } from './tolerant-specification.js';

describe('a workflow file', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-specification-'));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const read = (name: string, text: string): Fields => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return readSpecification(file);
  };

  const wanted = { name: 'w', jobs: [{ name: 'a', command: 'echo "1"', blocked_by: [] }] };

  it.each([
    ['JSON', 'w.json', JSON.stringify(wanted)],
    ['JSON5', 'w.json5', `// of a user\n{name: 'w', jobs: [{name: "a", command: 'echo "1"', blocked_by: [],},],}`],
    [
      'JSON5 in a file named .json',
      'x.json',
      `{name: 'w', jobs: [{name: "a", command: 'echo "1"', blocked_by: [],},],}`,
    ],
    ['YAML', 'w.yaml', 'name: w\njobs:\n  - name: a\n    command: echo "1"\n    blocked_by: []\n'],
    ['YAML with anchors', 'w.yml', 'name: w\nx: &x {command: echo "1", blocked_by: []}\njobs: [{name: a, <<: *x}]\n'],
  ])('may be %s', (_kind, name, text) => {
    expect(read(name, text)).toMatchObject(wanted);
  });

  it.each([
    ['w.json5', '{name: ', /w\.json5 cannot be read: JSON5: invalid end of input at 1:8/],
    ['w.yaml', 'a: [1', /w\.yaml cannot be read: .*line 1, column 6/],
    ['list.json', '[]', /list\.json holds no workflow specification: it must be an object/],
    ['none.yaml', 'name: w', /none\.yaml holds no workflow specification: it must have a list of jobs/],
    ['named.yaml', 'jobs: {a: {command: b}}', /named\.yaml holds .* it must have a list of jobs/],
  ])('that is broken, like %s, is refused with what is wrong', (name, text, message) => {
    expect(() => read(name, text)).toThrow(message);
  });

  it('that does not exist is refused', () => {
    expect(() => readSpecification(join(folder, 'none.json'))).toThrow(/none\.json cannot be read: ENOENT/);
  });
});

describe('the tolerance of the real client', () => {
  let notes: string[];

  beforeEach(() => {
    notes = [];
  });

  const tolerant = (given: Fields): Fields => tolerantSpecification(given, 'me', (line) => notes.push(line));

  it('leaves out fields of stored documents, fields without a value and unknown fields', () => {
    const stored = { _key: '97', _id: 'workflows/97', _rev: 'r1' };
    const specification = tolerant({
      ...stored,
      ...{ name: 'w', user: 'somebody', description: null, timestamp: '2026', colour: 'red', is_archived: false },
      jobs: [
        { ...stored, key: 'mine', command: 'c', status: 'done', invocation_script: null, speed: 9 },
        // As today's Torc calls it.
        { command: 'd', depends_on: ['a'], depends_on_regexes: ['b'] },
      ],
      files: [{ ...stored, name: 'f', path: 'p', st_mtime: 1.5 }],
      user_data: [{ ...stored, name: 'u', data: { _key: 'of the user', x: null } }],
      resource_requirements: [{ ...stored, name: 'r', num_cpus: 2 }],
      schedulers: { slurm_schedulers: [{ ...stored, name: 's', account: 'a', nodes: 1, mem: null }], others: [] },
      config: { ...stored, worker_startup_script: 'x', compute_node_resource_stats: { process: true } },
    });
    expect(specification).toEqual({
      ...{ name: 'w', user: 'me', is_archived: false },
      jobs: [
        { key: 'mine', command: 'c' },
        { command: 'd', blocked_by: ['a'], blocked_by_regexes: ['b'] },
      ],
      files: [{ name: 'f', path: 'p', st_mtime: 1.5 }],
      user_data: [{ name: 'u', data: { _key: 'of the user', x: null } }],
      resource_requirements: [{ name: 'r', num_cpus: 2 }],
      schedulers: { slurm_schedulers: [{ name: 's', account: 'a', nodes: 1 }] },
      config: { worker_startup_script: 'x', compute_node_resource_stats: { process: true } },
    });
    expect(notes).toEqual([
      'left out, because Torc does not know it: jobs.status, jobs.speed, workflow.timestamp, workflow.colour',
    ]);
  });

  it('keeps what Cairn adds to specifications', () => {
    const added = {
      ...{ parameters: { i: '1:3' }, actions: [{ trigger: 'workflow_start' }] },
      files: [{ name: 'f{i}', path: 'f{i}', use_parameters: ['i'] }],
      jobs: [{ command: 'c{i}', output_files: ['f{j}'], parameters: { j: '1:3' }, parameter_mode: 'zip', priority: 3 }],
    };
    expect(tolerant(added)).toEqual({ ...added, user: 'me' });
    expect(notes).toEqual([]);
  });

  it('takes actions that are persistent: a run has one worker', () => {
    const action = { trigger_type: 'on_worker_start', action_type: 'run_commands', commands: ['true'] };
    const specification = tolerant({
      jobs: [{ command: 'c' }],
      actions: [{ ...action, persistent: true }, 'no action'],
    });
    expect(specification['actions']).toEqual([action, 'no action']);
    expect(notes).toEqual([]);
  });

  it('takes names and paths for files, and leaves out outputs that nothing describes', () => {
    const specification = tolerant({
      files: [
        { name: 'script', path: 'bin/work.py' },
        { name: 'f1', path: 'out/f1' },
      ],
      jobs: [
        { name: 'a', command: 'a', input_files: ['bin/work.py'], output_files: [{ name: 'f1', cli_arg: '-o' }] },
        { name: 'b', command: 'b', input_files: ['f1', 'typo'], output_files: ['f9', 'typo'] },
      ],
    });
    expect(specification['jobs']).toEqual([
      { name: 'a', command: 'a', input_files: ['script'], output_files: ['f1'] },
      // What a job needs is not left out: the server refuses it.
      { name: 'b', command: 'b', input_files: ['f1', 'typo'], output_files: ['typo'] },
    ]);
    expect(notes).toEqual(['job b: its output f9 is no file of the specification, and is left out']);
  });
});
