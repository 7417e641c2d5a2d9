import { DomainError } from '#platform/domain-error.js';
import type { JobKind, NewJob } from '#contracts/panda/events.js';
import type { JobAttribute, JobAttributes } from '#contracts/panda/job-attributes.js';
import type { SubmittedJob } from '#contracts/panda/job-submission.js';
import type { Principal } from '#contracts/panda/principal.js';
import type { SlicedDecision } from '#event-sourcing/command.js';
import { type AlikeJobs, JobEvents } from '../generate/job-events.js';
import { needsText } from '../generate/job-needs.js';
import { Numbers } from '../generate/numbers.js';
import { submissionOf } from '../streams.js';
import type { PandaView } from '../view.js';
import { JobPlacement } from './place-job.js';
import type { SerializedJob } from './serialized-job.js';
import { hasJobset, JOB_LABELS, submittedAttributes } from './submitted-attributes.js';

const refused = (code: string, message: string): DomainError =>
  new DomainError('invalid', `panda.submit.${code}`, message);

const problemOf = ({ attributes }: SerializedJob, principal: Principal): DomainError | undefined => {
  if (attributes.prodSourceLabel === 'managed' && !principal.isProduction) {
    const message = `${principal.dn} is missing production for prodSourceLabel=managed submission`;
    return new DomainError('forbidden', 'panda.submit.no-production', message);
  }
  const { job_label: label } = attributes;
  return typeof label === 'string' && !JOB_LABELS.includes(label)
    ? refused('bad-label', `job_label=${label} is not valid`)
    : undefined;
};

/** Attributes that events tell by themselves. */
const TOLD: readonly JobAttribute[] = ['computingSite', 'prodSourceLabel', 'currentPriority'];

/** `job/submit` (PanDA contract 6.5): jobs without a task. Those of one submission are recorded together. */
export function* submitJobs(
  view: PandaView,
  jobs: readonly SerializedJob[],
  principal: Principal,
): SlicedDecision<{ readonly jobs: readonly SubmittedJob[] }> {
  if (jobs.length === 0) return refused('empty', 'No jobs were submitted');
  for (const job of jobs) {
    const problem = problemOf(job, principal);
    if (problem !== undefined) return problem;
  }
  const numbers = new Numbers(view);
  const placement = new JobPlacement(view);
  const events = new JobEvents(view.home(submissionOf(view.next('job'))));
  const jobDefinitionId = view.nextJobDefinition(principal.name);
  const active = view.countActiveOf(principal.name);
  const replies: SubmittedJob[] = [];
  let group: Group | undefined;
  const flush = (): void => {
    if (group !== undefined) events.add(group.alike, group.jobs.map(withoutCommon(group.alike.common)));
    group = undefined;
  };
  for (const [at, job] of jobs.entries()) {
    const context = { view, principal, jobDefinitionId, activeJobs: active + at };
    const submitted = submittedAttributes(job, context);
    const attributes =
      typeof submitted.computingSite === 'string' ? submitted : { ...submitted, ...placement.place(submitted) };
    const pandaId = numbers.take('job');
    const files = job.files.map((file) => ({ ...file, row_ID: numbers.take('row') }));
    const alike = alikeOf(attributes);
    const added = { panda_id: pandaId, set: attributes, files, takes: [] };
    if (group === undefined || !isAlike(group.alike, alike)) {
      flush();
      group = { alike: { ...alike, common: attributes }, jobs: [] };
    }
    group.alike = { ...group.alike, common: shared(group.alike.common, attributes) };
    group.jobs.push(added);
    replies.push({
      panda_id: pandaId,
      job_definition_id: attributes.jobDefinitionID ?? 0,
      jobset_id: hasJobset(alike.label) ? (attributes.jobsetID ?? 0) : null,
      job_name: attributes.jobName ?? null,
    });
    yield;
  }
  flush();
  return { events: events.events, reply: { jobs: replies } };
}

interface Group {
  alike: AlikeJobs;
  readonly jobs: NewJob[];
}

const kindOf = ({ prodSourceLabel, processingType }: JobAttributes): JobKind => {
  if (prodSourceLabel === 'panda') return 'build';
  return processingType === 'pmerge' ? 'merge' : 'run';
};

/** Stand-alone, nothing is moved to queues: a job that has one is ready. */
const alikeOf = (job: JobAttributes): Omit<AlikeJobs, 'common'> => ({
  kind: kindOf(job),
  status: typeof job.computingSite === 'string' ? 'activated' : 'defined',
  site: job.computingSite ?? '',
  label: job.prodSourceLabel ?? '',
  priority: job.currentPriority ?? 0,
  requirements: needsText(job),
});

const isAlike = (one: Omit<AlikeJobs, 'common'>, other: Omit<AlikeJobs, 'common'>): boolean =>
  one.kind === other.kind &&
  one.status === other.status &&
  one.site === other.site &&
  one.label === other.label &&
  one.priority === other.priority &&
  one.requirements === other.requirements;

/** What is equal in both. */
const shared = (one: JobAttributes, other: JobAttributes): JobAttributes =>
  Object.fromEntries(Object.entries(one).filter(([name, value]) => other[name as JobAttribute] === value));

const withoutCommon =
  (common: JobAttributes) =>
  (job: NewJob): NewJob => ({
    ...job,
    set: Object.fromEntries(
      Object.entries(job.set).filter(([name]) => !Object.hasOwn(common, name) && !TOLD.includes(name as JobAttribute)),
    ),
  });
