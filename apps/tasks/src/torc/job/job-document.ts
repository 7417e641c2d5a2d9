import type { AddedJob } from '#contracts/torc/events.js';
import { fullId, revisionText } from '#contracts/torc/ids.js';
import type { Unit } from '../../engine/unit.js';
import type { Job, Workflow } from '../view.js';
import { NO_REQUIREMENTS, requirementsOf } from './requirements.js';

/** What a document shows of a job. */
interface ShownJob extends Pick<Job, 'ordinal' | 'key' | 'writes' | 'document' | 'inputHash'> {
  readonly status: string;
  readonly unit: Pick<Unit, 'requirements' | 'site'>;
}

/** `internal` of a job (Torc contract 2.10) as raw JSON. */
const internalOf = ({ unit, inputHash }: ShownJob): string => {
  const numbers = JSON.stringify(requirementsOf(unit.requirements)).slice(0, -1);
  return `${numbers},"scheduler_config_id":${JSON.stringify(unit.site)},"hash":${inputHash}}`;
};

/** A job as clients get it (Torc contract 6.1): raw JSON. Its relations are edges and never in it. */
export const jobDocument = (job: ShownJob, workflow: Pick<Workflow, 'key'>): string => {
  const fields = job.document.slice(1, -1);
  const [key, id] = [job.key, fullId('jobs', workflow.key, job.key)].map((text) => JSON.stringify(text));
  const rev = JSON.stringify(revisionText(job.ordinal, job.writes));
  return `{${fields === '' ? '' : `${fields},`}"status":"${job.status}","internal":${internalOf(job)},"_key":${key},"_id":${id},"_rev":${rev}}`;
};

/** A job as clients get it that has just been added. */
export const addedJobText = (workflow: Workflow, ordinal: number, job: AddedJob): string => {
  const { key = String(ordinal), document, status, requirements = NO_REQUIREMENTS, scheduler = '', hash = 0 } = job;
  const unit = { requirements, site: scheduler };
  return jobDocument({ ordinal, key, writes: 1, document, status, inputHash: hash, unit }, workflow);
};
