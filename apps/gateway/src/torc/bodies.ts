import {
  ACTION_CLAIM,
  ACTION_COMPLETION,
  type ClaimActionRequest,
  type CompleteActionRequest,
} from '#contracts/torc/actions.js';
import {
  type Collection,
  type CollectionName,
  COLLECTIONS,
  type Fields as Rules,
  type PlainCollectionName,
  RESTART,
  RESULT,
  WORKER_RESOURCES,
  WORKFLOW,
  WORKFLOW_CONFIG,
  WORKFLOW_STATUS,
} from '#contracts/torc/collections.js';
import type { RestartRequest } from '#contracts/torc/graph.js';
import { fullId } from '#contracts/torc/ids.js';
import { JOB_BODY, newJobOf, normalizeJobPut } from '#contracts/torc/job-body.js';
import type { NewJob, WorkerResources } from '#contracts/torc/jobs.js';
import {
  normalize,
  type NormalizedDocument,
  normalizeMembers,
  normalizeOpen,
  type WriteMode,
} from '#contracts/torc/normalize.js';
import { badRequest } from '#contracts/torc/refusals.js';
import { WORKFLOW_ACCESS, type WorkflowAccess } from '#contracts/torc/workflow-access.js';
import { membersOf, objectText } from '#contracts/raw-json.js';
import { DomainError } from '#platform/domain-error.js';
import type { Field, Schema } from '../route/field.js';
import type { RequestSource } from '../route/request-source.js';
import { documentKey, workflow } from './parameters.js';
import { schemaOfFields } from './schemas.js';

type Always<Value> = Field<Value, 'always'>;

const checked = <Value>(value: Value | DomainError): Value => {
  if (value instanceof DomainError) throw value;
  return value;
};

/** The value of a field that another one depends on. */
const valueOf = <Value>({ read, name = 'key' }: Pick<Always<Value>, 'read' | 'name'>, source: RequestSource): Value => {
  const value = read(source, name);
  if (value === undefined) throw badRequest('the request is incomplete');
  return value;
};

const bodyField = <Value>(schema: Schema, read: (source: RequestSource) => Value): Always<Value> => ({
  from: 'whole body',
  required: true,
  schema,
  read: (source) => {
    if (source.bytes.length === 0) throw badRequest('the body is missing');
    return read(source);
  },
});

/** Any object, or nothing: the route needs no body, and some clients send one (Torc contract 1.3). */
export const ignoredBody: Field<never, 'maybe'> = {
  from: 'whole body',
  required: false,
  schema: { type: 'object', additionalProperties: true },
  read: (source) => {
    if (source.bytes.length > 0) source.requireObject();
    return undefined;
  },
};

/** The whole body as text, for a service that reads it. */
export const rawBody = (schema: Schema): Always<string> => bodyField(schema, (source) => source.rawBody);

/** A body of these fields: checked, with defaults filled in (Torc contract 1.8). */
export const documentBody = (rules: Rules, mode: WriteMode = 'post'): Always<NormalizedDocument> =>
  bodyField(schemaOfFields(rules, { isPut: mode === 'put' }), (source) =>
    checked(normalize(rules, source.document, mode)),
  );

/** Any fields, as of the events of Torc contract 2.8. */
const openBody = (isPut: boolean): Always<NormalizedDocument> =>
  bodyField(schemaOfFields({}, { isPut, isOpen: true }), (source) => checked(normalizeOpen(source.document)));

const bodyOf = (name: CollectionName, mode: WriteMode): Always<NormalizedDocument> => {
  const { fields, isOpen }: Collection = COLLECTIONS[name];
  return isOpen === true ? openBody(mode === 'put') : documentBody(fields, mode);
};

/** POST of a document of a collection. */
export const newDocument = (collection: PlainCollectionName): Always<NormalizedDocument> => bodyOf(collection, 'post');

/** POST of a job to the workflow that the path names (Torc contract 2.10). */
export const newJob: Always<NewJob> = bodyField(schemaOfFields(JOB_BODY, {}), (source) =>
  checked(newJobOf(valueOf(workflow('workflow'), source), source.document)),
);

const jobPut: Always<NormalizedDocument> = bodyField(schemaOfFields(JOB_BODY, { isPut: true }), (source) =>
  checked(normalizeJobPut(source.document)),
);

/** What PUT replaces in a document, and which revision of it. */
export interface Replacement {
  readonly fields: string;
  readonly rev: string;
}

/** PUT of a document: the body names it as the path does, and its revision (Torc contract 1.8). */
export const replacement = (collection: CollectionName): Always<Replacement> => {
  const { schema, read } = collection === 'jobs' ? jobPut : bodyOf(collection, 'put');
  const key = documentKey(collection);
  const ofWorkflow = workflow('workflow');
  return bodyField(schema, (source) => {
    const { document, rev, ...identity } = valueOf({ read }, source);
    const name = valueOf(key, source);
    if (identity.key !== name) throw badRequest(`_key must be ${name}, as in the path`);
    if (identity.id !== undefined && identity.id !== fullId(collection, valueOf(ofWorkflow, source), name)) {
      throw badRequest('_id is that of another document');
    }
    if (rev === undefined) throw badRequest('_rev is missing');
    return { fields: document, rev };
  });
};

/** PUT of a workflow, config or status: names it by key or id, and perhaps its revision (Torc contract 6.4). */
export interface PartReplacement {
  readonly fields: string;
  readonly key?: string;
  readonly id?: string;
  readonly rev?: string;
}

/** PUT of a workflow: as of a document. */
export const workflowReplacement: Always<PartReplacement> = bodyField(
  schemaOfFields(WORKFLOW, { isPut: true }),
  (source) => {
    const { members, key, id, rev } = checked(normalizeMembers(WORKFLOW, source.document, 'put'));
    const name = valueOf(workflow('key'), source);
    if (key !== name) throw badRequest(`_key must be ${name}, as in the path`);
    if (id !== undefined && id !== `workflows/${name}`) throw badRequest('_id is that of another workflow');
    if (rev === undefined) throw badRequest('_rev is missing');
    // An empty timestamp keeps the old one (D35).
    const fields = objectText([...members].filter(([field, raw]) => field !== 'timestamp' || raw !== '""'));
    return { fields, key, rev };
  },
);

const partOf = ({ document, ...identity }: NormalizedDocument): PartReplacement => {
  if (identity.key === undefined && identity.id === undefined) throw badRequest('_key or _id is missing');
  return { fields: document, ...identity };
};

export const configReplacement: Always<PartReplacement> = bodyField(
  schemaOfFields(WORKFLOW_CONFIG, { isPart: true, isPut: true }),
  (source) => partOf(checked(normalize(WORKFLOW_CONFIG, source.document, 'put'))),
);

/** Three of its fields are required, and one is accepted and ignored (Torc contract 2.3, D30). */
export const statusReplacement: Always<PartReplacement> = bodyField(
  schemaOfFields(WORKFLOW_STATUS, { isPart: true }),
  (source) => {
    const { members, ...identity } = checked(normalizeMembers(WORKFLOW_STATUS, source.document, 'post'));
    if (members.get('run_id')?.startsWith('-') === true) throw badRequest('run_id must not be negative');
    const kept = [...members].filter(([name]) => name !== 'scheduled_compute_node_ids');
    return partOf({ ...identity, document: objectText(kept) });
  },
);

/** Filters of a join, by name: the body, which must be there (Torc contract 5.15). */
export const joinFilters: Always<Readonly<Record<string, string>>> = bodyField(
  { type: 'object', additionalProperties: true },
  (source) => Object.fromEntries(membersOf(source.document)),
);

/** Torc contract 2.14. */
export const resultBody: Always<string> = bodyField(
  schemaOfFields(RESULT, {}),
  (source) => checked(normalize(RESULT, source.document, 'post')).document,
);

export const restartBody: Always<Omit<RestartRequest, 'workflow'>> = bodyField(
  schemaOfFields(RESTART, {}),
  // The rules of its fields were checked.
  (source) => JSON.parse(checked(normalize(RESTART, source.document, 'post')).document) as RestartRequest,
);

const LEASE_SECONDS_MAX = 7 * 86_400;

export const accessBody: Always<WorkflowAccess> = bodyField(
  schemaOfFields(WORKFLOW_ACCESS, {}),
  // The rules of its fields were checked.
  (source) => JSON.parse(checked(normalize(WORKFLOW_ACCESS, source.document, 'post')).document) as WorkflowAccess,
);

export const claimActionBody: Always<Pick<ClaimActionRequest, 'worker' | 'lease_seconds'>> = bodyField(
  schemaOfFields(ACTION_CLAIM, {}),
  (source) => {
    // The rules of its fields were checked.
    const claim = JSON.parse(checked(normalize(ACTION_CLAIM, source.document, 'post')).document) as ClaimActionRequest;
    const { lease_seconds: seconds = 1 } = claim;
    if (seconds > 0 && seconds <= LEASE_SECONDS_MAX) return claim;
    throw badRequest(`lease_seconds must be more than 0 and at most ${LEASE_SECONDS_MAX}`);
  },
);

export const completeActionBody: Always<Pick<CompleteActionRequest, 'worker' | 'successful'>> = bodyField(
  schemaOfFields(ACTION_COMPLETION, {}),
  // The rules of its fields were checked.
  (source) =>
    JSON.parse(checked(normalize(ACTION_COMPLETION, source.document, 'post')).document) as CompleteActionRequest,
);

/** What a normalized body of {@link WORKER_RESOURCES} holds. */
interface GivenResources extends Omit<WorkerResources, 'time_limit' | 'scheduler_config_id'> {
  readonly time_limit?: string | null;
  readonly scheduler_config_id: string | null;
}

/** Torc contract 2.6. */
export const workerResources: Always<WorkerResources> = bodyField(schemaOfFields(WORKER_RESOURCES, {}), (source) => {
  const { document } = checked(normalize(WORKER_RESOURCES, source.document, 'post'));
  // The rules of its fields were checked.
  const { time_limit, scheduler_config_id, ...numbers } = JSON.parse(document) as GivenResources;
  return {
    ...numbers,
    scheduler_config_id: scheduler_config_id ?? '',
    ...(typeof time_limit === 'string' && { time_limit }),
  };
});
