import { optional, type Parameter } from '../protocol/function.js';

/** Whatever is wrong with a text, its heartbeat is not lost for it: the value is dropped (PanDA contract 6.7, trap 27). */
const text = optional('str', null, { accepts: (value) => (typeof value === 'number' ? String(value) : null) });

const whole = optional('int', null);

/** Pilots send exit and error codes as texts too (contract 1.6). */
const code = optional('int', null, {
  accepts: (value) => (typeof value === 'string' && /^-?\d{1,15}$/u.test(value) ? Number(value) : undefined),
});

const number = optional('number', null);

/** A native object in place of JSON text (contract 1.6). */
const document = (description: string) =>
  optional('str', '', {
    description,
    accepts: (value) => (value === null ? '' : JSON.stringify(value)),
  });

const namesOf = <Name extends string>(
  names: readonly Name[],
  parameter: Parameter<string | number | null>,
): Readonly<Record<Name, Parameter<string | number | null>>> =>
  Object.fromEntries(names.map((name) => [name, parameter])) as Record<Name, Parameter<string | number | null>>;

const TEXTS = [
  ...([
    'node',
    'computing_element',
    'cpu_consumption_unit',
    'cpu_architecture_level',
    'scheduler_id',
    'pilot_id',
  ] as const),
  ...(['site_name', 'pilot_error_diag', 'exe_error_diag', 'pilot_timing', 'batch_id', 'job_metrics'] as const),
  ...(['job_sub_status', 'corrupted_files', 'grid', 'source_site', 'destination_site', 'start_time'] as const),
  'end_time',
] as const;

const WHOLES = ['cpu_consumption_time', 'exe_error_code', 'n_events', 'n_input_files', 'core_count'] as const;

const CODES = ['trans_exit_code', 'pilot_error_code'] as const;

const NUMBERS = [
  ...(['mean_core_count', 'cpu_conversion_factor'] as const),
  ...(['max_rss', 'max_vmem', 'max_swap', 'max_pss', 'avg_rss', 'avg_vmem', 'avg_swap', 'avg_pss'] as const),
  ...(['tot_rchar', 'tot_wchar', 'tot_rbytes', 'tot_wbytes'] as const),
  ...(['rate_rchar', 'rate_wchar', 'rate_rbytes', 'rate_wbytes'] as const),
] as const;

/** What a report may tell besides job, status and attempt. */
export const REPORT_PARAMETERS = {
  ...namesOf(TEXTS, text),
  ...namesOf(WHOLES, whole),
  ...namesOf(CODES, code),
  ...namesOf(NUMBERS, number),
  job_output_report: document('JSON text: by name of file its GUID, size and checksum'),
  meta_data: document('JSON text'),
  pilot_log: document('Its first 4000 characters are stored'),
  stdout: document('The end of what the payload printed'),
};

export type ReportFieldName = keyof typeof REPORT_PARAMETERS;

/** What a report records, for the documentation: its metadata tells of nodes. */
export const REPORT_RECORDS: readonly string[] = [
  ...['UnitStarted', 'UnitsMoved', 'JobsAmended', 'TextStored'],
  ...['WorkerNodeSeen', 'WorkerNodeGpuSeen'],
];

/** Names of these in the legacy API (contract 12). */
export const LEGACY_REPORT_FIELDS: Readonly<Record<string, ReportFieldName>> = {
  ...{ node: 'node', computingElement: 'computing_element', schedulerID: 'scheduler_id', pilotID: 'pilot_id' },
  ...{ siteName: 'site_name', batchID: 'batch_id', jobSubStatus: 'job_sub_status', startTime: 'start_time' },
  ...{ endTime: 'end_time', transExitCode: 'trans_exit_code', pilotErrorCode: 'pilot_error_code' },
  ...{ pilotErrorDiag: 'pilot_error_diag', exeErrorCode: 'exe_error_code', exeErrorDiag: 'exe_error_diag' },
  ...{ pilotTiming: 'pilot_timing', jobMetrics: 'job_metrics', cpuConsumptionTime: 'cpu_consumption_time' },
  ...{ cpuConsumptionUnit: 'cpu_consumption_unit', cpuConversionFactor: 'cpu_conversion_factor' },
  ...{ cpu_architecture_level: 'cpu_architecture_level', nEvents: 'n_events', nInputFiles: 'n_input_files' },
  ...{ meanCoreCount: 'mean_core_count', coreCount: 'core_count', grid: 'grid', source_site: 'source_site' },
  ...{ destination_site: 'destination_site', corruptedFiles: 'corrupted_files' },
  ...{ maxRSS: 'max_rss', maxVMEM: 'max_vmem', maxSWAP: 'max_swap', maxPSS: 'max_pss' },
  ...{ avgRSS: 'avg_rss', avgVMEM: 'avg_vmem', avgSWAP: 'avg_swap', avgPSS: 'avg_pss' },
  ...{ totRCHAR: 'tot_rchar', totWCHAR: 'tot_wchar', totRBYTES: 'tot_rbytes', totWBYTES: 'tot_wbytes' },
  ...{ rateRCHAR: 'rate_rchar', rateWCHAR: 'rate_wchar', rateRBYTES: 'rate_rbytes', rateWBYTES: 'rate_wbytes' },
  ...{ xml: 'job_output_report', metaData: 'meta_data', pilotLog: 'pilot_log', stdout: 'stdout' },
};
