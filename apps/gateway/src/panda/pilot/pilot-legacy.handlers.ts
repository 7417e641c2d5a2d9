import { Injectable } from '@nestjs/common';
import { isObject, listIn } from '#platform/json-object.js';
import { principalOf } from '../protocol/caller.js';
import type { CallOf, Envelope, Handlers, LegacyAnswer } from '../protocol/function.js';
import { NO_ROLE } from '../protocol/guards.js';
import { fields, tuple } from '../protocol/legacy-answers.js';
import { pythonJson, wholeIn } from '../protocol/values.js';
import { Acquisition } from './acquisition.js';
import { legacyReportFields, legacyReportsIn } from './job-reports.js';
import type { pilotLegacy } from './pilot.legacy.js';
import { Reporting } from './reporting.js';

type Functions = typeof pilotLegacy;
type Fields = Readonly<Record<string, unknown>>;

/** Status words with the texts of contract 12. */
const REFUSALS = {
  'no role': { StatusCode: 60, errorDialog: NO_ROLE },
  'no jobs': { StatusCode: 20, errorDialog: 'no jobs in PanDA' },
  late: { StatusCode: 10, errorDialog: 'Timed out' },
} as const;

const NO_EFFECT = { StatusCode: 0, command: 'NULL' } as const;

/** The legacy dictionary has no null. */
const dictionaryOf = (document: string): Fields => {
  const job: unknown = JSON.parse(document);
  if (!isObject(job)) return {};
  return Object.fromEntries(Object.entries(job).map(([name, value]) => [name, value ?? 'NULL']));
};

const statusOf = ({ data, message }: Envelope): Fields => ({
  ...(isObject(data) ? data : {}),
  ...(message !== '' && { errorDialog: message }),
});

@Injectable()
export class PilotLegacyHandlers implements Handlers<Functions> {
  constructor(
    private readonly acquisition: Acquisition,
    private readonly reporting: Reporting,
  ) {}

  async getJob(call: CallOf<Functions['getJob']>): Promise<LegacyAnswer> {
    const { parameters: p } = call;
    const acquired = await this.acquisition.acquire(call.context, principalOf(call), {
      ...{ site_name: p.siteName, timeout: p.timeout, memory: p.mem, disk_space: p.diskSpace },
      ...{ prod_source_label: p.prodSourceLabel, node: p.node, computing_element: p.computingElement },
      ...{ prod_user_id: p.prodUserID, get_proxy_key: p.getProxyKey, task_id: p.taskID, n_jobs: p.nJobs ?? 1 },
      ...{ background: p.background, resource_type: p.resourceType, harvester_id: p.harvester_id },
      ...{ worker_id: p.worker_id, scheduler_id: p.schedulerID, job_type: p.jobType },
      remaining_time: p.remaining_time,
    });
    if (typeof acquired === 'string') return fields(REFUSALS[acquired]);
    const jobs = acquired.map(dictionaryOf);
    return fields(p.nJobs === null ? (jobs[0] ?? {}) : { StatusCode: 0, jobs });
  }

  /** What cannot be understood is answered without an effect. */
  async updateJob(call: CallOf<Functions['updateJob']>): Promise<LegacyAnswer> {
    const { jobId, state, attemptNr, timeout, ...values } = call.parameters;
    const id = wholeIn(jobId);
    if (id === undefined) return fields(NO_EFFECT);
    const envelope = await this.reporting.report(call.context, timeout, {
      ...{ job_id: id, job_status: state, attempt_nr: attemptNr },
      fields: legacyReportFields(values),
    });
    return fields(envelope.success ? statusOf(envelope) : NO_EFFECT);
  }

  async updateJobsInBulk(call: CallOf<Functions['updateJobsInBulk']>): Promise<LegacyAnswer> {
    const items = legacyReportsIn(itemsIn(call.parameters.jobList));
    if ('problem' in items) return tuple(false, items.problem);
    const envelopes = await this.reporting.reportMany(call.context, items);
    const answers = envelopes.map((envelope) => ({
      type: 'json',
      content: pythonJson(envelope.success ? statusOf(envelope) : { ...statusOf(envelope), command: 'NULL' }),
    }));
    return tuple(true, answers);
  }
}

/** What is no list counts as one of something that is no report. */
const itemsIn = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value;
  return (typeof value === 'string' ? listIn(value) : undefined) ?? [undefined];
};
