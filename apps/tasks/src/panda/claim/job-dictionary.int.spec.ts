import type { JobFile } from '#contracts/panda/events.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import { workStream } from '../streams.js';
import { someQueue } from '../testing/queue.js';
import { JobStore } from '../testing/some-jobs.js';
import { jobDictionary } from './job-dictionary.js';

const TASK = 10_000_001;

const input = (row: number, lfn: string, more: Partial<JobFile> = {}): JobFile => ({
  ...{ row_ID: row, type: 'input', lfn, status: 'ready', dataset: 'mc.in', GUID: `G${row}`, fsize: row, scope: 'mc' },
  ...more,
});
const output = (row: number, lfn: string, more: Partial<JobFile> = {}): JobFile => ({
  ...{ row_ID: row, type: 'output', lfn, status: 'unknown', dataset: 'out/', destinationDBlock: 'out', scope: 'user' },
  ...{ destinationSE: 'SITE_A', datasetID: 2 },
  ...more,
});
const log: JobFile = {
  ...{ row_ID: 9, type: 'log', lfn: 'log.tgz', status: 'unknown', dataset: 'log/', destinationDBlock: 'log' },
  ...{ scope: 'user', GUID: 'LG', destinationSE: 'SITE_A', datasetID: 3 },
};

describe('jobDictionary', () => {
  let jobs: JobStore;
  beforeEach(() => {
    jobs = new JobStore();
    jobs.submit(TASK, { ioIntensity: 100, ioIntensityUnit: 'kBPerS' } as JobAttributes);
    const datasets = [
      { dataset_id: 2, name: 'out', type: 'output', status: 'defined' },
      { dataset_id: 3, name: 'log', type: 'log', status: 'defined' },
      { dataset_id: 4, name: 'maybe', type: 'output', status: 'defined', attributes: 'an' },
    ];
    jobs.apply([{ stream: workStream(String(TASK)), type: 'DatasetsAdded', data: { datasets } }]);
    const document = JSON.stringify({ astorages: { pr: ['IN_1'], write_lan: ['OUT_1', 'OUT_2'] } });
    const queue = someQueue({ name: 'SITE_A', document });
    jobs.apply([{ stream: 'site-panda.main.SITE_A', type: 'QueueConfigured', data: { queue } }]);
  });

  const dictionary = (files: readonly JobFile[], set: JobAttributes = {}, task: number | null = TASK) => {
    const [id = 0] = jobs.create(1, { files: () => files, set, ...(task !== null && { task }) });
    return JSON.parse(jobDictionary(jobs.view, jobs.job(id), 3)) as Readonly<Record<string, unknown>>;
  };

  it('has parallel lists over inputs, each name once', () => {
    const inputs = [
      input(1, 'a', { checksum: 'ad:1', prodDBlock: 'mc', dispatchDBlock: 'dis' }),
      input(2, 'b', { md5sum: 'md', prodDBlockToken: 'tok' }),
      input(3, 'b'),
      { ...input(4, 'pseudo'), type: 'pseudo_input' as const },
    ];
    expect(dictionary(inputs)).toMatchObject({
      ...{ inFiles: 'a,b', GUID: 'G1,G3', fsize: '1,3', checksum: 'ad:1,NULL', scopeIn: 'mc,mc' },
      ...{ realDatasetsIn: 'mc.in,mc.in', prodDBlocks: 'mc,NULL', prodDBlockToken: 'NULL,NULL' },
      ...{ dispatchDblock: 'dis,NULL', dispatchDBlockToken: 'NULL,NULL', ddmEndPointIn: 'IN_1,IN_1' },
      ...{ outFiles: '', scopeOut: '', logFile: '', logGUID: '', scopeLog: '' },
    });
  });

  it('has parallel lists over outputs and the log, but scopeOut without it', () => {
    const files = [output(1, 'o1', { destinationDBlockToken: 'ddd:X,Y' }), log, output(2, 'o2')];
    expect(dictionary(files)).toMatchObject({
      ...{ outFiles: 'o1,log.tgz,o2', destinationDblock: 'out,log,out', realDatasets: 'out/,log/,out/' },
      ...{ destinationDBlockToken: 'dst:X,NULL,NULL', dispatchDBlockTokenForOut: 'NULL,NULL,NULL' },
      ...{ fileDestinationSE: 'SITE_A,SITE_A,SITE_A', ddmEndPointOut: 'OUT_1,OUT_1,OUT_1', scopeOut: 'user,user' },
      ...{ logFile: 'log.tgz', logGUID: 'LG', scopeLog: 'user', inFiles: '', checksum: '', ddmEndPointIn: '' },
    });
  });

  it('tells what is missing by the text NULL, but the I/O of the task by null', () => {
    expect(dictionary([])).toMatchObject({
      ...{ StatusCode: 0, PandaID: 1, taskID: TASK, attemptNr: 1, coreCount: 1, nSent: 3, currentPriority: 1_000 },
      ...{ swRelease: 'NULL', cmtConfig: 'NULL', nucleus: 'NULL', maxWalltime: 'NULL', transferType: 'NULL' },
      ...{ ioIntensity: 100, ioIntensityUnit: 'kBPerS', maxCpuCount: 0, minRamCount: 0, jobPars: 'run' },
    });
    expect(dictionary([], { jobParameters: '', AtlasRelease: '' }, null)).toMatchObject({
      ...{ ioIntensity: null, ioIntensityUnit: null, taskID: 'NULL', jobPars: ' ', swRelease: 'NULL' },
    });
  });

  it.each([
    ['lc', {}, { loopingCheck: false }],
    ['debug', {}, { debug: 'True' }],
    ['sc:1', { eventService: 1 }, { cloneJob: 'runonce' }],
    ['sc:2', { eventService: 1 }, { cloneJob: 'storeonce' }],
    ['eventservice', { eventService: 1 }, { eventService: 'True', prodDBlockTokenForOutput: 'NULL' }],
    ['eventservice', { eventService: 6 }, { eventService: 'True' }],
    ['esmerge', { eventService: 2 }, { eventServiceMerge: 'True' }],
    ['po,nc,if,up', {}, { putLogToOS: 'True', noExecStrCnv: 'True', inFilePosEvtNum: 'True', usePrefetcher: 'True' }],
    ['ho,om', {}, { isHPO: 'True', onSiteMerging: 'True' }],
    ['ao', {}, { altStageOut: 'on' }],
    ['ao:off', {}, { altStageOut: 'off' }],
    ['ej', { jobParameters: 'abc' }, { jobPars: 'YWJj' }],
    [null, { container_name: 'docker://x' }, { container_name: 'docker://x' }],
    ['wf', {}, { writeToFile: 'tmpin_mc.in:a' }],
  ])('knows the token %s', (specialHandling, set, expected) => {
    const told = dictionary([input(1, 'a'), output(2, 'o')], { specialHandling, ...set });
    expect(told).toMatchObject(expected);
  });

  it('lists outputs that may be missing', () => {
    expect(dictionary([output(1, 'o'), output(2, 'm', { datasetID: 4 })])['allowNoOutput']).toBe('m');
    expect(dictionary([output(1, 'o')])).not.toHaveProperty('allowNoOutput');
  });

  it('splits steps from the parameters', () => {
    const jobParameters = 'run <MULTI_STEP_EXEC>{"preprocess":{"command":"a"},"x":1}</MULTI_STEP_EXEC>';
    expect(dictionary([], { jobParameters })).toMatchObject({ jobPars: 'run ', preprocess: { command: 'a' } });
  });
});
