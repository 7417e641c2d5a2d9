import type { JobTemplate } from '#contracts/panda/template.js';
import { PRUN, TaskRun, withFiles } from '../testing/task-run.js';

type Document = Readonly<Record<string, unknown>>;

const templateOf = (run: TaskRun): JobTemplate =>
  JSON.parse(run.view.taskText(run.task, 'template') ?? '') as JobTemplate;

describe('a document', () => {
  it.each(['processingType', 'jobParameters', 'architecture', 'transUses', 'transHome', 'userName', 'taskType'])(
    'without %s breaks the task',
    (key) => {
      const run = new TaskRun({ ...PRUN, [key]: undefined });
      expect([run.status, run.dialog]).toEqual(['broken', `the task parameter ${key} is missing`]);
      expect(run.task.attributes).toMatchObject({ superStatus: 'broken', endTime: '2026-01-01T00:00:00' });
    },
  );

  it.each(['architecture', 'transUses', 'transHome'])('may have null as %s', (key) => {
    expect(new TaskRun({ ...PRUN, [key]: null }).status).toBe('scouting');
  });

  it.each<readonly [Document, string]>([
    [{ mergeOutput: true }, 'merging of outputs (mergeOutput) is not supported'],
    [{ mergeSpec: {} }, 'merging of outputs (mergeSpec) is not supported'],
    [{ preproSpec: {} }, 'preprocessing (preproSpec) is not supported'],
    [{ hpoWorkflow: true }, 'iDDS is not configured'],
    [{ jobParameters: {} }, 'jobParameters must be a list'],
    [{ jobParameters: ['x'] }, 'jobParameters[0] must be an object'],
    [{ coreCount: 'many' }, 'coreCount must be a number'],
    [{ coreCount: 1e300 }, 'coreCount must not exceed 1000000000000'],
    [{ buildSpec: 'x' }, 'buildSpec must be an object'],
    [{ log: 'x' }, 'log[0] must be an object'],
    [{ site: {} }, 'site must be a text'],
    [{ includedSite: 5 }, 'includedSite must be a list of names'],
  ])('with %j breaks the task', (fields, why) => {
    const run = new TaskRun({ ...PRUN, ...fields });
    expect([run.status, run.dialog]).toEqual(['broken', why]);
  });
});

describe('the attributes', () => {
  it('have defaults', () => {
    expect(new TaskRun().task.attributes).toMatchObject({
      ...{ coreCount: 1, ramCount: 2000, ramUnit: 'MBPerCore', baseRamCount: 0, walltime: 0, baseWalltime: 600 },
      ...{ cpuEfficiency: 90, eventService: 0, gshare: 'User Analysis', resource_type: 'SCORE', goal: null },
      ...{ reqID: 10_000_123, site: null, errorDialog: null },
    });
  });

  it.each<readonly [Document, Document]>([
    [
      { coreCount: '8', ramCount: 4000 },
      { coreCount: 8, ramCount: 4000, resource_type: 'MCORE_HIMEM' },
    ],
    [{ ramCountUnit: 'MB' }, { ramUnit: 'MB' }],
    [{ goal: 90 }, { goal: 900 }],
    [{ goal: '99.5' }, { goal: 995 }],
    [{ goal: 101 }, { goal: null }],
    [{ reqID: 5 }, { reqID: 5 }],
    [{ nEventsPerWorker: 10 }, { eventService: 1 }],
    [{ fineGrainedProc: true }, { eventService: 3 }],
    [{ useJobCloning: 'runonce' }, { eventService: 2, splitRule: 'NE=1,UC=runonce,ES=1,NS=2,EC=2' }],
    [{ skipScout: true, respectSplitRule: true }, { splitRule: 'NE=1,RR=1,US=1' }],
    [{ prodSourceLabel: 'managed' }, { gshare: 'Production' }],
    [{ prodSourceLabel: 'strange' }, { gshare: 'Undefined' }],
    [{ gshare: 'Test' }, { gshare: 'Test' }],
  ])('of %j are %j', (fields, expected) => {
    expect(new TaskRun({ ...PRUN, ...fields }, []).task.attributes).toMatchObject(expected);
  });

  it('give jobs as many files as have the events of a job', () => {
    const run = new TaskRun(withFiles(1, { nEventsPerJob: 100, nEventsPerInputFile: 30 }));
    expect(run.task.attributes.splitRule).toBe('NE=100,US=1,EI=30,NF=3');
  });
});

describe('the template', () => {
  it('of prun is its command line without what is hidden', () => {
    expect(templateOf(new TaskRun())).toMatchObject({
      parameters: `-j "" --sourceURL \${SURL} -r . -o "{'out.txt': 'user.demo.$JEDITASKID._\${SN/P}.out.txt'}" -p "echo%20hello"`,
      inputs: [{ type: 'pseudo_input', dataset: 'pseudo_dataset', stream: 'PSEUDO' }],
      outputs: [
        { type: 'output', stream: 'OUTPUT0', file_name: 'user.demo.$JEDITASKID._${SN/P}.out.txt', offset: 0 },
        { type: 'log', stream: 'LOG0', file_name: 'user.demo.t1.log.$JEDITASKID.${SN}.log.tgz' },
      ],
      source_url: 'https://host:25443',
    });
  });

  it('names inputs and outputs by their streams', () => {
    const run = new TaskRun({
      ...withFiles(1),
      includedSite: 'ONE, TWO',
      excludedSite: [],
      jobParameters: [
        { type: 'template', param_type: 'input', value: '--in=${IN/L}', dataset: 'first', files: ['a'] },
        { type: 'template', param_type: 'input', value: '--in=${IN/L}', dataset: 'first', files: ['a'] },
        {
          ...{ type: 'template', param_type: 'input', value: '--more=${MORE}', dataset: 'second', files: ['b'] },
          ...{ ratio: 2, reusable: true, nFilesPerJob: 1 },
        },
        { type: 'template', param_type: 'number', value: '--seed=${RNDMSEED}', offset: 100 },
        { type: 'template', param_type: 'output', value: "--hits='x.${SN}.root'", dataset: 'hits', offset: 10 },
        { type: 'template', param_type: 'output', value: '--aod=y.root', dataset: 'aod', allowNoOutput: true },
      ],
      log: undefined,
    });
    expect(templateOf(run)).toMatchObject({
      parameters: "--in=${IN/L} --in=${IN/L} --more=${MORE} --seed=${RNDMSEED} --hits='${OUTPUT0}' --aod=${OUTPUT1}",
      inputs: [
        { stream: 'IN', type: 'input', dataset: 'first' },
        { stream: 'MORE', dataset: 'second', ratio: 2, is_reusable: true, files_per_job: 1 },
        { stream: 'RNDMSEED', type: 'random_seed', offset: 100 },
      ],
      outputs: [
        { stream: 'OUTPUT0', file_name: 'x.${SN}.root', offset: 10 },
        { stream: 'OUTPUT1', file_name: 'y.root', allow_no_output: true },
      ],
      number_offsets: { RNDMSEED: 100 },
      included_sites: ['ONE', 'TWO'],
    });
    expect(
      run.view.datasets(run.task).map(({ name, type, masterId, attributes }) => [name, type, masterId, attributes]),
    ).toEqual([
      ['first', 'input', null, ''],
      ['second', 'input', 1, 'ru,np=1'],
      ['RNDMSEED', 'random_seed', 1, 'of=100'],
      ['hits', 'output', null, ''],
      ['aod', 'output', null, 'an'],
    ]);
  });

  it('takes further datasets of a stream', () => {
    const [item] = withFiles(1)['jobParameters'] as readonly Document[];
    const run = new TaskRun({ ...withFiles(1), jobParameters: [item], dsForIN: 'extra' });
    expect(run.datasets('input').map(({ name, masterId }) => [name, masterId])).toEqual([
      ['user.demo.data', null],
      ['extra', null],
    ]);
  });
});
