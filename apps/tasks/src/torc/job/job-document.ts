import { fullId, revisionText } from '#contracts/torc/ids.js';
import type { Job, Workflow } from '../view.js';
import { requirementsOf } from './requirements.js';

/** `internal` of a job (Torc contract 2.10) as raw JSON. */
const internalOf = ({ unit, inputHash }: Job): string => {
  const numbers = JSON.stringify(requirementsOf(unit.requirements)).slice(0, -1);
  return `${numbers},"scheduler_config_id":${JSON.stringify(unit.site)},"hash":${inputHash}}`;
};

/** A job as clients get it (Torc contract 6.1): raw JSON. Its relations are edges and never in it. */
export const jobDocument = (job: Job, workflow: Workflow): string => {
  const fields = job.document.slice(1, -1);
  const [key, id] = [job.key, fullId('jobs', workflow.key, job.key)].map((text) => JSON.stringify(text));
  const rev = JSON.stringify(revisionText(job.ordinal, job.writes));
  return `{${fields === '' ? '' : `${fields},`}"status":"${job.status}","internal":${internalOf(job)},"_key":${key},"_id":${id},"_rev":${rev}}`;
};
