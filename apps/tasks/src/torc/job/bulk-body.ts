import { DomainError } from '#platform/domain-error.js';
import { newJobOf } from '#contracts/torc/job-body.js';
import type { NewJob } from '#contracts/torc/jobs.js';
import { badRequest } from '#contracts/torc/refusals.js';
import { readLargeBody } from '../large-body.js';
import { Problems } from '../problems.js';

const isJson = (raw: string): boolean => {
  try {
    JSON.parse(raw);
    return true;
  } catch {
    return false;
  }
};

/** Checks the body of `bulk_jobs` (Torc contract 6.3), a job between two yields. Refuses with the first problems (400). */
export function* bulkJobsOf(workflow: string, body: string): Generator<void, readonly NewJob[] | DomainError, void> {
  const text = yield* readLargeBody(body, ['jobs']);
  if (text instanceof DomainError) return text;
  const [other] = text.values.keys();
  if (other === 'jobs') return badRequest('jobs must be a list');
  if (other !== undefined) return badRequest(`${other.slice(0, 100)} is not a known field`);
  const raws = text.lists.get('jobs');
  if (raws === undefined) return badRequest('jobs is missing: it must be a list');
  const problems = new Problems();
  const jobs: NewJob[] = [];
  for (const [at, raw] of raws.entries()) {
    const job = isJson(raw) ? newJobOf(workflow, raw) : badRequest('it is not valid JSON');
    if (job instanceof DomainError) problems.add(`jobs[${at}]`, job);
    else jobs.push(job);
    if (problems.areEnough) break;
    yield;
  }
  return problems.refusal() ?? jobs;
}
