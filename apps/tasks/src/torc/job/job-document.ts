import type { AddedJob } from '#contracts/torc/events.js';
import { fullId, revisionText } from '#contracts/torc/ids.js';
import type { Unit } from '../../engine/unit.js';
import { withIdentity } from '../document-text.js';
import type { Job, Workflow } from '../view.js';
import { NO_REQUIREMENTS, requirementsOf } from './requirements.js';

/** What a document shows of a job. */
interface ShownJob extends Pick<Job, 'ordinal' | 'key' | 'writes' | 'document' | 'inputHash'> {
  readonly status: string;
  readonly unit: Pick<Unit, 'requirements' | 'site'>;
}

const ZEROS = JSON.stringify(requirementsOf(NO_REQUIREMENTS));

/** `internal` of a job (Torc contract 2.10) as raw JSON. Its requirements are the text of all five numbers, or of none. */
const internalOf = ({ unit: { requirements, site }, inputHash }: ShownJob): string => {
  const numbers = (requirements === NO_REQUIREMENTS ? ZEROS : requirements).slice(0, -1);
  return `${numbers},"scheduler_config_id":${site === '' ? '""' : JSON.stringify(site)},"hash":${inputHash}}`;
};

/** A job as clients get it (Torc contract 6.1): raw JSON. Its relations are edges and never in it. */
export const jobDocument = (job: ShownJob, workflow: Pick<Workflow, 'key'>): string => {
  const { key, ordinal, writes, document, status } = job;
  const fields = document === '{}' ? '{' : `${document.slice(0, -1)},`;
  return withIdentity(`${fields}"status":"${status}","internal":${internalOf(job)}}`, {
    key,
    id: fullId('jobs', workflow.key, key),
    rev: revisionText(ordinal, writes),
  });
};

/** A job as clients get it that has just been added. */
export const addedJobText = (workflow: Workflow, ordinal: number, job: AddedJob): string => {
  const { key = String(ordinal), document, status, requirements = NO_REQUIREMENTS, scheduler = '', hash = 0 } = job;
  const unit = { requirements, site: scheduler };
  return jobDocument({ ordinal, key, writes: 1, document, status, inputHash: hash, unit }, workflow);
};
