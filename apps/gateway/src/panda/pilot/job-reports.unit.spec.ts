import { legacyReportFields, legacyReportsIn, reportFields, reportsIn } from './job-reports.js';

describe('reportsIn', () => {
  it('takes numbers in texts and objects as they come, and leaves out what says nothing', () => {
    const report = {
      job_id: '7',
      job_status: 'running',
      attempt_nr: '1',
      token: 'x',
      max_rss: '5',
      node: '',
      grid: null,
    };
    expect(reportsIn([{ ...report, meta_data: { a: 1 } }])).toEqual([
      { job_id: 7, job_status: 'running', attempt_nr: 1, fields: { max_rss: '5', meta_data: '{"a":1}' } },
    ]);
  });

  it('takes fields by their names in the legacy API too, unless both are there', () => {
    const report = { job_id: 7, job_status: 'failed', pilotErrorCode: '1305', coreCount: '8', core_count: 1 };
    expect(reportsIn([report])).toEqual([
      { job_id: 7, job_status: 'failed', attempt_nr: null, fields: { pilot_error_code: '1305', core_count: 1 } },
    ]);
  });

  it('keeps a place for items that name no job', () => {
    const items = [
      { job_id: 'NULL', job_status: 'running' },
      { job_id: 1, job_status: 5 },
    ];
    expect(reportsIn(items)).toEqual([undefined, { job_id: 1, job_status: '5', attempt_nr: null, fields: {} }]);
  });

  it.each([
    [[{ job_status: 'running' }], "failed with KeyError 'job_id'"],
    [[{ job_id: 1 }], "failed with KeyError 'job_status'"],
    [[5], 'failed with TypeError the items of the list must be objects'],
    [[null], 'failed with TypeError the items of the list must be objects'],
  ])('refuses %j', (list, problem) => {
    expect(reportsIn(list)).toEqual({ problem });
  });
});

describe('legacy reports', () => {
  it('have other names', () => {
    const item = {
      jobId: '7',
      state: 'finished',
      attemptNr: 2,
      xml: '{}',
      metaData: '{"a":1}',
      totRCHAR: 5,
      node: 'n',
    };
    expect(legacyReportsIn([item])).toEqual([
      {
        ...{ job_id: 7, job_status: 'finished', attempt_nr: 2 },
        fields: { job_output_report: '{}', meta_data: '{"a":1}', tot_rchar: 5, node: 'n' },
      },
    ]);
  });

  it('do not take names of the new API, nor those of every object', () => {
    expect(legacyReportFields({ job_metrics: 'x', jobMetrics: 'y', constructor: 'z' })).toEqual({ job_metrics: 'y' });
    expect(reportFields({ jobMetrics: 'y', toString: 'z', timeout: 60 })).toEqual({});
  });
});
