import { DomainError } from '#platform/domain-error.js';
import { elementsOf, objectText } from '../raw-json.js';
import { COLLECTIONS, type CollectionName, type Fields, JOB_INTERNAL, JOB_RELATIONS } from './collections.js';
import { partsOfId } from './ids.js';
import type { NewJob } from './jobs.js';
import { type NormalizedDocument, normalizeMembers } from './normalize.js';
import { badRequest } from './refusals.js';

/** What the body of a job may have: its fields, the server's copy of resource numbers, and relations (Torc contract 2.10). */
export const JOB_BODY: Fields = {
  ...COLLECTIONS.jobs.fields,
  internal: { type: { members: JOB_INTERNAL } },
  ...JOB_RELATIONS,
};

/** Collections that the ids of a relation may be of. */
const TARGETS = {
  input_files: ['files'],
  output_files: ['files'],
  input_user_data: ['user_data'],
  output_user_data: ['user_data'],
  blocked_by: ['jobs'],
  resource_requirements: ['resource_requirements'],
  scheduler: ['aws_schedulers', 'local_schedulers', 'slurm_schedulers'],
} as const satisfies Readonly<Record<string, readonly CollectionName[]>>;

type Relation = keyof typeof TARGETS;

const withoutRelations = (members: Iterable<readonly [string, string]>): string =>
  objectText([...members].filter(([name]) => !Object.hasOwn(JOB_RELATIONS, name)));

/** The body of PUT for a job: relations are checked and left out. Refuses like {@link normalizeMembers}. */
export const normalizeJobPut = (body: string): NormalizedDocument | DomainError => {
  const normalized = normalizeMembers(JOB_BODY, body, 'put');
  if (normalized instanceof DomainError) return normalized;
  const { members, ...identity } = normalized;
  return { document: withoutRelations(members), ...identity };
};

/**
 * The job that the body of POST describes, with its relations as full ids of the workflow (D39: nobody has checked that they
 * exist). Refuses like {@link normalizeMembers}.
 */
export const newJobOf = (workflow: string, body: string): NewJob | DomainError => {
  const normalized = normalizeMembers(JOB_BODY, body, 'post');
  if (normalized instanceof DomainError) return normalized;
  const { key } = normalized;
  const members = new Map(normalized.members);
  const status = JSON.parse(members.get('status') ?? '""') as string;
  members.delete('status');

  let wrong: DomainError | undefined;
  const checked = (relation: Relation, raw: string): string => {
    const id = JSON.parse(raw) as string;
    const parts = partsOfId(id);
    const targets: readonly string[] = TARGETS[relation];
    if (parts === undefined || parts.workflow !== workflow || !targets.includes(parts.collection)) {
      wrong ??= badRequest(
        `${relation}: ${JSON.stringify(id.slice(0, 300))} is not an id of ${targets.join(' or ')} of workflow ${workflow}`,
      );
    }
    return id;
  };
  /** A document is related once, however often it is named. */
  const ids = (relation: Relation): readonly string[] => {
    const raw = members.get(relation);
    return raw === undefined ? [] : [...new Set(elementsOf(raw).map((element) => checked(relation, element)))];
  };
  const id = (relation: Relation): string | undefined => {
    const raw = members.get(relation);
    return raw === undefined ? undefined : checked(relation, raw);
  };

  const [group, scheduler] = [id('resource_requirements'), id('scheduler')];
  const job: NewJob = {
    document: withoutRelations(members),
    ...(key === undefined ? {} : { key }),
    status,
    input_files: ids('input_files'),
    output_files: ids('output_files'),
    input_user_data: ids('input_user_data'),
    output_user_data: ids('output_user_data'),
    blocked_by: ids('blocked_by'),
    ...(group === undefined ? {} : { resource_requirements: group }),
    ...(scheduler === undefined ? {} : { scheduler }),
  };
  return wrong ?? job;
};
