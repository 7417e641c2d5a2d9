import { JOB_TEXT_LIMITS, type JobAttribute, type JobAttributes } from '#contracts/panda/job-attributes.js';
import { microsOfTime, timeText } from '#contracts/panda/times.js';

/** Counters of bytes are stored in units of 1024, up to this (PanDA contract 6.7). */
const BYTES_PER_UNIT = 1_024;
const COUNTER_MAX = 9_999_999_999;

type Value = string | number | undefined;

const numberOf = (value: unknown): number | undefined => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
};

const wholeOf = (value: unknown): number | undefined => {
  const number = numberOf(value);
  return number === undefined || Math.abs(number) > Number.MAX_SAFE_INTEGER ? undefined : Math.trunc(number);
};

const textOf = (value: unknown): string | undefined => {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' && value !== 'NULL' ? value : undefined;
};

const timeOf = (value: unknown): string | undefined => {
  const micros = typeof value === 'string' ? microsOfTime(value) : undefined;
  return micros === undefined ? undefined : timeText(micros);
};

const counterOf = (value: unknown): number | undefined => {
  const number = numberOf(value);
  return number === undefined ? undefined : Math.min(Math.trunc(number / BYTES_PER_UNIT), COUNTER_MAX);
};

/** A negative code is the wish for a retry, and no number of an error (trap 27). */
const codeOf = (value: unknown): number | undefined => {
  const code = wholeOf(value);
  return code === undefined ? undefined : Math.abs(code);
};

type Reading = readonly [attribute: JobAttribute, read: (value: unknown) => Value];

/** By parameter of `update_job`: the attribute that it sets, and how it is read. */
const READINGS: readonly (readonly [parameter: string, reading: Reading])[] = Object.entries<Reading>({
  node: ['modificationHost', textOf],
  computing_element: ['computingElement', textOf],
  scheduler_id: ['schedulerID', textOf],
  pilot_id: ['pilotID', textOf],
  batch_id: ['batchID', textOf],
  job_sub_status: ['jobSubStatus', textOf],
  start_time: ['startTime', timeOf],
  end_time: ['endTime', timeOf],
  trans_exit_code: ['transExitCode', textOf],
  pilot_error_code: ['pilotErrorCode', codeOf],
  pilot_error_diag: ['pilotErrorDiag', textOf],
  exe_error_code: ['exeErrorCode', wholeOf],
  exe_error_diag: ['exeErrorDiag', textOf],
  pilot_timing: ['pilotTiming', textOf],
  job_metrics: ['jobMetrics', textOf],
  cpu_consumption_time: ['cpuConsumptionTime', wholeOf],
  cpu_consumption_unit: ['cpuConsumptionUnit', textOf],
  cpu_conversion_factor: ['cpuConversion', numberOf],
  cpu_architecture_level: ['cpu_architecture_level', textOf],
  n_events: ['nEvents', wholeOf],
  n_input_files: ['nInputFiles', wholeOf],
  mean_core_count: ['actualCoreCount', wholeOf],
  core_count: ['actualCoreCount', wholeOf],
  grid: ['grid', textOf],
  source_site: ['sourceSite', textOf],
  destination_site: ['destinationSite', textOf],
  max_rss: ['maxRSS', wholeOf],
  max_vmem: ['maxVMEM', wholeOf],
  max_swap: ['maxSWAP', wholeOf],
  max_pss: ['maxPSS', wholeOf],
  avg_rss: ['avgRSS', wholeOf],
  avg_vmem: ['avgVMEM', wholeOf],
  avg_swap: ['avgSWAP', wholeOf],
  avg_pss: ['avgPSS', wholeOf],
  tot_rchar: ['totRCHAR', counterOf],
  tot_wchar: ['totWCHAR', counterOf],
  tot_rbytes: ['totRBYTES', counterOf],
  tot_wbytes: ['totWBYTES', counterOf],
  rate_rchar: ['rateRCHAR', counterOf],
  rate_wchar: ['rateWCHAR', counterOf],
  rate_rbytes: ['rateRBYTES', counterOf],
  rate_wbytes: ['rateWBYTES', counterOf],
});

/** The beginning of a text, without half of a character at its end. */
const cut = (text: string, limit: number | undefined): string =>
  limit === undefined || text.length <= limit ? text : text.slice(0, limit).replace(/[\uD800-\uDBFF]$/u, '');

/** `leak=<number>` and `chi2=<number>` of the metrics. */
const leaksOf = (metrics: unknown): JobAttributes => {
  if (typeof metrics !== 'string') return {};
  const leak = /leak=(-?\d+\.?\d*)/u.exec(metrics)?.[1];
  const chi2 = /chi2=(-?\d+\.?\d*)/u.exec(metrics)?.[1];
  return {
    ...(leak !== undefined && { memory_leak: Math.trunc(Number(leak)) }),
    ...(chi2 !== undefined && { memory_leak_x2: Math.min(Number(chi2), COUNTER_MAX) }),
  };
};

/** The attributes that a report sets. What cannot be read is left out, what is too long is cut off. */
export const measured = (fields: Readonly<Record<string, unknown>>): JobAttributes => {
  const set: Partial<Record<JobAttribute, string | number>> = {};
  for (const [name, [attribute, read]] of READINGS) {
    const given = fields[name];
    if (given === undefined || given === null) continue;
    const value = read(given);
    if (value === undefined) continue;
    set[attribute] = typeof value === 'string' ? cut(value, JOB_TEXT_LIMITS[attribute]) : value;
  }
  // Readings give texts for attributes that hold texts, and numbers for the others.
  return { ...(set as JobAttributes), ...leaksOf(fields['job_metrics']) };
};

/** Whether the pilot wishes that the job runs again (contract 4.2.7). */
export const wishesRetry = ({ pilot_error_code: code }: Readonly<Record<string, unknown>>): boolean =>
  (wholeOf(code) ?? 0) < 0;
