import { measured, wishesRetry } from './measurements.js';

describe('measured', () => {
  it.each([
    ['node', 'n'.repeat(200), { modificationHost: 'n'.repeat(128) }],
    ['node', '', {}],
    ['node', 'NULL', {}],
    ['batch_id', 12, { batchID: '12' }],
    ['pilot_error_diag', 'x'.repeat(600), { pilotErrorDiag: 'x'.repeat(500) }],
    ['pilot_error_diag', `${'x'.repeat(499)}😀`, { pilotErrorDiag: 'x'.repeat(499) }],
    ['cpu_architecture_level', 3, { cpu_architecture_level: '3' }],
    ['cpu_architecture_level', 'x86_64-v3', { cpu_architecture_level: 'x86_64-v3' }],
    ['start_time', '2025-06-01 12:00:00', { startTime: '2025-06-01T12:00:00' }],
    ['end_time', 'yesterday', {}],
    ['end_time', '2025-13-01 12:00:00', {}],
    ['end_time', '2025-02-30 12:00:00', {}],
    ['end_time', '2025-06-01T12:00:00+02:00', {}],
    ['pilot_error_code', -1200, { pilotErrorCode: 1200 }],
    ['pilot_error_code', '-1200', { pilotErrorCode: 1200 }],
    ['pilot_error_code', 'x', {}],
    ['trans_exit_code', 65, { transExitCode: '65' }],
    ['cpu_consumption_time', '12.7', { cpuConsumptionTime: 12 }],
    ['cpu_conversion_factor', 1.5, { cpuConversion: 1.5 }],
    ['max_rss', 12.9, { maxRSS: 12 }],
    ['max_rss', 'much', {}],
    ['max_rss', null, {}],
    ['tot_rchar', 2_048, { totRCHAR: 2 }],
    ['tot_rchar', 1e20, { totRCHAR: 9_999_999_999 }],
    ['rate_wbytes', 1_023, { rateWBYTES: 0 }],
    ['mean_core_count', 7.9, { actualCoreCount: 7 }],
    ['core_count', 8, { actualCoreCount: 8 }],
    ['site_name', 'SITE_B', {}],
    ['unknown', 'x', {}],
    [
      'job_metrics',
      'leak=12.5 chi2=0.25',
      { jobMetrics: 'leak=12.5 chi2=0.25', memory_leak: 12, memory_leak_x2: 0.25 },
    ],
    ['job_metrics', 'leak=-3.5', { jobMetrics: 'leak=-3.5', memory_leak: -3 }],
    ['job_metrics', 'nEvents=5', { jobMetrics: 'nEvents=5' }],
  ])('%s %j', (name, value, expected) => {
    expect(measured({ [name]: value })).toEqual(expected);
  });

  it('finds leaks behind what is cut off', () => {
    const { jobMetrics, memory_leak: leak } = measured({ job_metrics: `${'x'.repeat(600)} leak=1` });
    expect([jobMetrics?.length, leak]).toEqual([500, 1]);
  });
});

describe('wishesRetry', () => {
  it.each([
    [-1, true],
    ['-1200', true],
    [0, false],
    [1200, false],
    ['x', false],
    [undefined, false],
  ])('%s', (code, expected) => {
    expect(wishesRetry({ pilot_error_code: code })).toBe(expected);
  });
});
