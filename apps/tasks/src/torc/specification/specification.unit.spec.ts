import { DomainError } from '#platform/domain-error.js';
import type { TorcEvents } from '#contracts/torc/events.js';
import type { UnitsLinked } from '#contracts/work-events.js';
import { finished } from '#event-sourcing/testing/finished.js';
import { compileSpecification } from './compile.js';
import { createFromSpecification } from './create-from-specification.js';

const TIME_MICROS = Date.UTC(2026, 2, 1, 9, 15) * 1000;

/** The ordinals of workflow 4001 begin with 1. */
const VIEW = { workflow: () => undefined, nextWorkflowNumber: () => 4001, ordinalAfterDeletion: () => undefined };

const compiled = (specification: unknown) =>
  finished(compileSpecification(typeof specification === 'string' ? specification : JSON.stringify(specification)));

const refusal = (specification: unknown): string => {
  const outcome = compiled(specification);
  return outcome instanceof DomainError ? outcome.message : 'accepted';
};

interface Created {
  readonly events: readonly { readonly type: string; readonly data: object }[];
  readonly reply: { readonly document: string };
}

const create = (specification: unknown, view: typeof VIEW | object = VIEW): Created => {
  const outcome = compiled(specification);
  if (outcome instanceof DomainError) throw outcome;
  const decision = finished(createFromSpecification({ ...VIEW, ...view }, outcome, TIME_MICROS));
  if (decision instanceof DomainError) throw decision;
  return decision as Created;
};

const of = <Type extends keyof TorcEvents>({ events }: Created, type: Type): TorcEvents[Type][] =>
  events.filter((event) => event.type === type).map(({ data }) => data as TorcEvents[Type]);

const SWEEP = {
  name: 'sweep',
  user: 'sim-team',
  files: [
    { name: 'grid', path: 'data/grid.nc' },
    { name: 'out', path: 'out/field.nc', st_mtime: 1.5 },
  ],
  resource_requirements: [{ name: 'small', num_cpus: 4, memory: '1g', runtime: 'P0DT30M' }],
  schedulers: { slurm_schedulers: [{ name: 'short', account: 'project1', nodes: 1, walltime: '04:00:00' }] },
  user_data: [{ name: 'params', data: { alpha: 0.5 } }],
  jobs: [
    {
      name: 'make',
      command: 'python make.py',
      input_files: ['grid'],
      output_files: ['out', 'out'],
      output_user_data: ['params'],
      resource_requirements: 'small',
      schedule_compute_nodes: { scheduler_id: 'slurm_schedulers/short', num_jobs: 2 },
    },
    {
      name: 'use',
      command: 'python use.py',
      input_files: ['out'],
      input_user_data: ['params'],
      scheduler: 'slurm_schedulers/short',
      blocked_by: ['make'],
    },
  ],
  config: { compute_node_resource_stats: { process: true, interval: 5 } },
};

describe('creation from a specification', () => {
  it('records everything as one change, with the relations as edges', () => {
    const created = create(SWEEP);
    expect(created.events.map(({ type }) => type)).toEqual([
      'WorkflowCreated',
      ...Array<string>(4).fill('DocumentsStored'),
      'JobsAdded',
      ...Array<string>(7).fill('EdgesAdded'),
      'UnitsLinked',
    ]);
    expect(JSON.parse(created.reply.document)).toEqual({
      name: 'sweep',
      user: 'sim-team',
      description: '',
      is_archived: false,
      timestamp: '2026-03-01T09:15:00.000Z',
      _key: '4001',
      _id: 'workflows/4001',
      _rev: '4001-1',
    });
    expect(of(created, 'DocumentsStored')).toEqual([
      {
        collection: 'files',
        ordinals: [[1, 2]],
        documents: ['{"name":"grid","path":"data/grid.nc"}', '{"name":"out","path":"out/field.nc","st_mtime":1.5}'],
      },
      {
        collection: 'slurm_schedulers',
        ordinals: [[3, 3]],
        documents: ['{"name":"short","account":"project1","nodes":1,"walltime":"04:00:00","qos":"normal"}'],
      },
      {
        collection: 'resource_requirements',
        ordinals: [[4, 4]],
        documents: ['{"name":"small","num_cpus":4,"memory":"1g","runtime":"P0DT30M","num_gpus":0,"num_nodes":1}'],
      },
      {
        collection: 'user_data',
        ordinals: [[5, 5]],
        documents: ['{"name":"params","data":{"alpha":0.5},"is_ephemeral":false}'],
      },
    ]);
    expect(of(created, 'JobsAdded')).toEqual([
      {
        units: [[6, 7]],
        workload_id: '4001',
        jobs: [
          {
            document:
              '{"name":"make","command":"python make.py","cancel_on_blocking_job_failure":true,"supports_termination":false,' +
              '"schedule_compute_nodes":{"scheduler_id":"slurm_schedulers__4001/3","num_jobs":2,"start_one_worker_per_node":false}}',
            status: 'uninitialized',
          },
          {
            document:
              '{"name":"use","command":"python use.py","cancel_on_blocking_job_failure":true,"supports_termination":false}',
            status: 'uninitialized',
          },
        ],
      },
    ]);
    const ends = Object.fromEntries(of(created, 'EdgesAdded').map((added) => [added.edge, added.ends]));
    expect(ends).toEqual({
      needs: [
        [6, 1],
        [7, 2],
      ],
      produces: [[6, 2]],
      consumes: [[7, 5]],
      requires: [[6, 4]],
      stores: [[6, 5]],
      scheduled_bys: [[7, 3]],
      blocks: [[6, 7]],
    });
    const linked = created.events.find(({ type }) => type === 'UnitsLinked')?.data as UnitsLinked;
    expect(linked).toEqual({ units: [[7, 7]], links: [[6, 7]] });
    // Each document, job and edge has an ordinal of its own, one after the other.
    const ordinals = [
      ...of(created, 'DocumentsStored').flatMap((stored) => stored.ordinals),
      ...of(created, 'JobsAdded').flatMap((added) => added.units),
      ...of(created, 'EdgesAdded').flatMap((added) => added.ordinals),
    ];
    expect(
      ordinals.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, at) => first + at)),
    ).toEqual(Array.from({ length: 15 }, (_, at) => at + 1));
  });

  it('keeps keys that callers chose, and gives no generated one twice', () => {
    const created = create({
      key: 'mine',
      files: [{ path: 'a' }, { path: 'b', _key: '1', _id: 'files__5/1', _rev: 'x' }, { path: 'c' }],
      jobs: [{ command: 'c', key: 'k' }, { command: 'd' }],
    });
    expect(of(created, 'WorkflowCreated')[0]?.workload_id).toBe('mine');
    // The first file may not be 1.
    expect(of(created, 'DocumentsStored')).toMatchObject([{ ordinals: [[2, 4]], keys: { 3: '1' } }]);
    expect(of(created, 'JobsAdded')).toMatchObject([{ units: [[5, 6]], jobs: [{ key: 'k' }, {}] }]);
  });

  it('goes on behind the ordinals of an earlier workflow of the same key', () => {
    const created = create({ key: 'mine', jobs: [{ command: 'c' }] }, { ordinalAfterDeletion: () => 50 });
    expect(of(created, 'JobsAdded')[0]?.units).toEqual([[50, 50]]);
  });

  it('refuses a key that is taken', () => {
    const outcome = compiled({ key: 'mine' });
    if (outcome instanceof DomainError) throw outcome;
    const taken = { ...VIEW, workflow: () => ({}) as never };
    expect(finished(createFromSpecification(taken, outcome, TIME_MICROS))).toMatchObject({
      details: { errorNum: 1210 },
    });
  });

  it('fits events, however many and large the documents are', () => {
    const jobs = Array.from({ length: 3_000 }, (_, at) => ({
      name: `job ${at}`,
      command: '"ü\\'.repeat(at % 100 === 0 ? 5_000 : 10),
      blocked_by: at === 0 ? [] : [`job ${at - 1}`],
      output_files: ['f', 'g', 'h'],
    }));
    const files = ['f', 'g', 'h'].map((name) => ({ name, path: name }));
    const user_data = [{ data: { text: 'z'.repeat(500_000) } }];
    const created = create({ jobs, files, user_data });
    for (const { data } of created.events) expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThan(250 * 1024);
    expect(of(created, 'JobsAdded').flatMap((added) => added.jobs)).toHaveLength(3_000);
    expect(of(created, 'EdgesAdded').flatMap((added) => added.ends)).toHaveLength(3_000 * 3 + 2_999);
  });
});

describe('what a specification says', () => {
  it('may come in any order, with blanks, and blockers may come later', () => {
    const created = create(
      '\n{ "jobs" : [ {"command":"a","name":"\\u0061","blocked_by":["b"]} ,\t{"name":"b","command":"b", "input_files" : ["f"]}],' +
        '"files":[\r\n{"path":"p", "name":"f" } ] , "name":"first","name":"second" }\n',
    );
    expect(of(created, 'EdgesAdded').map(({ edge, ends }) => [edge, ends])).toEqual([
      ['needs', [[3, 1]]],
      ['blocks', [[3, 2]]],
    ]);
    expect(of(created, 'WorkflowCreated')[0]?.workflow).toContain('"name":"second"');
  });

  it('may name files and user data in commands, which declares them', () => {
    const created = create({
      files: [
        { name: 'in', path: 'data/a b.nc' },
        { name: 'out', path: 'out.nc' },
      ],
      user_data: [{ name: 'u', data: { a: 1.5 } }, { name: 'v' }],
      jobs: [
        {
          command:
            'x "${files.input.in}" -o ${files.output.out} \'${user_data.input.u}\' ${user_data.output.v} ${HOME} ${files.in}',
          input_files: ['in'],
        },
      ],
    });
    const { command } = JSON.parse(of(created, 'JobsAdded')[0]?.jobs[0]?.document ?? '') as { command: string };
    expect(command).toBe('x "data/a b.nc" -o out.nc \'{"a":1.5}\' v ${HOME} ${files.in}');
    expect(of(created, 'EdgesAdded').map(({ edge, ends }) => [edge, ends])).toEqual([
      ['needs', [[5, 1]]],
      ['produces', [[5, 2]]],
      ['consumes', [[5, 3]]],
      ['stores', [[5, 4]]],
    ]);
    expect(refusal({ jobs: [{ command: '${files.input.none}' }] })).toMatch(
      /input_files: none of the files is named "none"/,
    );
  });

  it('has equal files, groups and schedulers once, but all user data', () => {
    const created = create({
      files: [
        { name: 'f', path: 'p' },
        { path: 'p', name: 'f' },
        { path: 'q' },
        { path: 'q' },
        { name: 'g', path: '1' },
        { name: 'g', path: '2' },
      ],
      resource_requirements: [{ name: 'r' }, { name: 'r', num_cpus: '1' }],
      user_data: [{ name: 'u' }, { name: 'u' }],
      jobs: [{ command: 'c', input_files: ['f'], resource_requirements: 'r' }],
    });
    const stored = of(created, 'DocumentsStored').map(({ collection, documents }) => [collection, documents.length]);
    expect(stored).toEqual([
      ['files', 4],
      ['resource_requirements', 1],
      ['user_data', 2],
    ]);
  });

  it('refers to names by patterns, besides those that it names', () => {
    const created = create({
      files: [{ name: 'part_{i}', path: '{i}.json', parameters: { i: '1:3' } }],
      jobs: [
        { name: 'sum', command: 'c', blocked_by: ['work_2'], blocked_by_regexes: ['^work_', '2$', 'sum'] },
        { name: 'work_{i}', command: 'c', parameters: { i: '1:3' }, output_file_regexes: ['part_{i}$'] },
        { name: 'all', command: 'c', input_files: ['part_3'], input_file_regexes: ['part'] },
      ],
      actions: [
        { trigger_type: 'on_jobs_ready', action_type: 'run_commands', commands: ['c'], job_name_regexes: ['_[12]$'] },
      ],
    });
    expect(of(created, 'EdgesAdded').map(({ edge, ends }) => [edge, ends])).toEqual([
      [
        'needs',
        [
          [8, 3],
          [8, 1],
          [8, 2],
        ],
      ],
      [
        'blocks',
        [
          [6, 4],
          [5, 4],
          [7, 4],
        ],
      ],
      [
        'produces',
        [
          [5, 1],
          [6, 2],
          [7, 3],
        ],
      ],
    ]);
    expect(of(created, 'JobsAdded')[0]?.jobs[0]?.document).not.toContain('regex');
    expect(of(created, 'ActionsAdded')[0]?.actions[0]?.jobs).toEqual([5, 6]);
    const refers = (pattern: string): string =>
      refusal({ jobs: [{ name: `${'a'.repeat(60)}b`, command: 'c', blocked_by_regexes: [pattern] }] });
    expect(refers('(')).toContain('blocked_by_regexes: "(" is no regular expression');
    expect(refers('^x')).toContain('"^x" matches no name');
    expect(refers('^(a+)+$')).toContain('takes too long to match');
    expect(refers('b$')).toBe('accepted');
  });

  it('tries many patterns on few names in slices', () => {
    const blocked_by_regexes = Array.from({ length: 200 }, (_, at) => `a{1,${at + 1}}`);
    const jobs = [
      { name: 'a', command: 'c' },
      { command: 'c', blocked_by_regexes },
    ];
    let slices = 0;
    for (const work = compileSpecification(JSON.stringify({ jobs })); work.next().done !== true;) slices += 1;
    expect(slices).toBeGreaterThan(200);
  });

  it('is refused where a name has no or several meanings, with the job and the reference', () => {
    const files = [
      { name: 'f', path: '1' },
      { name: 'f', path: '2' },
    ];
    const user_data = [{ name: 'u' }, { name: 'u' }];
    expect(refusal({ files, jobs: [{ name: 'j', command: 'c', input_files: ['f', 'x'] }] })).toBe(
      'job "j": input_files: more than one of the files is named "f"; job "j": input_files: none of the files is named "x"',
    );
    expect(refusal({ user_data, jobs: [{ command: 'c', output_user_data: ['u'] }] })).toMatch(
      /^jobs\[0\]: output_user_data: more than one of the user_data/,
    );
    expect(refusal({ jobs: [{ command: 'c', resource_requirements: 'r' }] })).toMatch(
      /resource_requirements is named "r"/,
    );
    expect(refusal({ jobs: [{ command: 'c', blocked_by: ['j'] }] })).toMatch(
      /blocked_by: none of the jobs is named "j"/,
    );
    expect(refusal({ jobs: [{ command: 'c', scheduler: 'short' }] })).toMatch(
      /scheduler: "short" must be aws_schedulers/,
    );
    expect(refusal({ jobs: [{ command: 'c', scheduler: 'local_schedulers/short' }] })).toMatch(
      /local_schedulers is named/,
    );
    const nodes = { scheduler_id: 'slurm_schedulers/none', num_jobs: 1 };
    expect(refusal({ jobs: [{ command: 'c', schedule_compute_nodes: nodes }] })).toMatch(
      /slurm_schedulers is named "none"/,
    );
    expect(refusal({ jobs: [{ command: 'c', schedule_compute_nodes: { ...nodes, scheduler_id: 'x' } }] })).toBe(
      'accepted',
    );
    expect(
      refusal({
        jobs: [
          { command: 'c', scheduler: '' },
          { command: 'c', scheduler: null },
        ],
      }),
    ).toBe('accepted');
  });

  it('is refused with the names of jobs that block each other', () => {
    const job = (name: string, ...blocked_by: string[]) => ({ name, command: 'c', blocked_by });
    expect(refusal({ jobs: [job('a', 'c'), job('b', 'a'), job('c', 'b', 'd'), job('d'), job('e', 'a')] })).toMatch(
      /in a cycle: (a, b, c|b, c, a|c, a, b)$/,
    );
    expect(refusal({ jobs: [job('a', 'a')] })).toMatch(/in a cycle: a$/);
    expect(refusal({ jobs: [job('a'), job('b', 'a'), job('c', 'a'), job('d', 'b', 'c')] })).toBe('accepted');
  });

  it('is refused where jobs wait for each other through files or user data', () => {
    const files = ['f', 'g'].map((name) => ({ name, path: name }));
    const user_data = [{ name: 'u' }];
    const made = (name: string, takes: readonly string[], makes: readonly string[]): object => ({
      ...{ name, command: 'c', input_files: takes, output_files: makes },
    });
    expect(refusal({ files, jobs: [made('a', ['f'], ['g']), made('b', ['g'], ['f'])] })).toMatch(
      /in a cycle: (a, b|b, a)$/,
    );
    expect(refusal({ files, jobs: [made('a', ['f'], ['f']), made('b', ['f'], ['f'])] })).toMatch(
      /in a cycle: (a, b|b, a)$/,
    );
    // Nothing is wrong with a job that takes what it makes, also when others take it.
    expect(refusal({ files, jobs: [made('a', ['f'], ['f']), made('b', ['f'], ['g'])] })).toBe('accepted');
    const storing = { ...made('a', ['f'], []), output_user_data: ['u'] };
    const consuming = { ...made('b', [], ['f']), input_user_data: ['u'] };
    expect(refusal({ files, user_data, jobs: [storing, consuming] })).toMatch(/in a cycle: (a, b|b, a)$/);
  });

  it.each([
    ['', /not valid JSON/],
    ['[]', /not valid JSON/],
    ['{"name":"a"', /not valid JSON/],
    ['{"name":"a",}', /not valid JSON/],
    ['{"name" "a"}', /not valid JSON/],
    ['{"name":"a"} {}', /not valid JSON/],
    ['{"jobs":[{"command":"c"},]}', /not valid JSON/],
    ['{"jobs":[{"command":"c"} {"command":"c"}]}', /not valid JSON/],
    ['{"jobs":[{"command"::"c"}]}', /^jobs\[0\]: it is not valid JSON/],
    ['{"jobs":[{"command":"c"}', /not valid JSON/],
    ['{"jobs":[1]}', /^jobs\[0\]: a JSON object is expected/],
    ['{"jobs":{}}', /^jobs must be a list/],
    ['{"jobs":[{"command":"c","key":"a","_key":"b"}]}', /^jobs\[0\]: key and _key are not the same/],
    ['{"jobs":[{"command":"c","_key":"a"},{"command":"c","key":"a"}]}', /^jobs\[1\]: job a exists already/],
    ['{"files":null}', /^files must be a list/],
    ['{"results":[]}', /^results is not a known field/],
    ['{"schedulers":[]}', /^schedulers must be an object/],
    ['{"schedulers":{"pbs":[]}}', /^schedulers.pbs is not a known field/],
    ['{"config":{"interval":1}}', /^config: interval is not a known field/],
    ['{"is_archived":"maybe"}', /^is_archived must be true or false/],
    ['{"key":"a/b"}', /_key/],
    ['{"jobs":[{"command":"c","status":"done"}]}', /^jobs\[0\]: status is not a known field/],
    ['{"jobs":[{"command":"c","key":"k"},{"command":"c","key":"k"}]}', /^jobs\[1\]: job k exists already/],
    ['{"files":[{"path":"a","_key":"k"},{"path":"b","_key":"k"}]}', /^files\[1\]: file k exists already/],
    ['{"actions":{}}', /^actions: a list of at most 100 actions/],
    ['{"actions":[{"trigger_type":"on_workflow_start"}]}', /^actions\[0\]: action_type is missing/],
    [
      '{"actions":[{"trigger_type":"on_jobs_ready","action_type":"run_commands","commands":["c"]}]}',
      /^actions\[0\]: on_jobs_ready needs jobs/,
    ],
    [
      '{"actions":[{"trigger_type":"on_workflow_start","action_type":"run_commands","commands":["c"],"jobs":["j"]}]}',
      /^actions\[0\]: on_workflow_start takes no jobs; actions\[0\]: jobs: none of the jobs/,
    ],
    ['{"actions":[{"trigger_type":"on_workflow_start","action_type":"run_commands"}]}', /needs commands/],
    [
      '{"actions":[{"trigger_type":"on_workflow_start","action_type":"schedule_nodes","scheduler":"slurm_schedulers/s"}]}',
      /none of the slurm_schedulers is named "s"/,
    ],
    ['{"actions":[{"trigger_type":"on_workflow_start","action_type":"schedule_nodes"}]}', /needs a scheduler/],
    ['{"actions":[{"trigger_type":"on_worker_start","action_type":"schedule_nodes"}]}', /takes run_commands/],
    [
      '{"actions":[{"trigger_type":"on_workflow_start","action_type":"schedule_nodes","num_allocations":1001}]}',
      /^actions\[0\]: num_allocations must be an integer from 1 to 1000/,
    ],
    [`{"jobs":[{"command":"${'x'.repeat(210_000)}"}]}`, /^jobs\[0\]: .* at most 200 KiB/],
    [`{"user_data":[{"data":{"a":"${'x'.repeat(4_200_000)}"}}]}`, /^user_data\[0\]: .* at most 4194304 characters/],
    [
      `{"user_data":[{"data":{"a":"${'x'.repeat(5_300_000)}"}}]}`,
      /too large: it may have at most 5242880 characters in user_data\[0\]$/,
    ],
  ])('is refused with a reason: case %#', (text, message) => {
    expect(refusal(text)).toMatch(message);
  });

  it('is refused with no more than 20 problems', () => {
    const message = refusal({ jobs: Array.from({ length: 1_000 }, () => ({ name: 'n' })) });
    expect(message.split('; ')).toHaveLength(20);
    expect(message).toMatch(/^jobs\[0\]: command is missing/);
  });
});
