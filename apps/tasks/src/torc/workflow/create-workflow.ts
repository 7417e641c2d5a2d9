import { membersOf, objectText } from '#contracts/raw-json.js';
import { WORKFLOW_CONFIG } from '#contracts/torc/collections.js';
import type { DocumentReply } from '#contracts/torc/documents.js';
import type { WorkflowCreated } from '#contracts/torc/events.js';
import { normalize } from '#contracts/torc/normalize.js';
import { DomainError } from '#platform/domain-error.js';
import type { Decision } from '#event-sourcing/command.js';
import { withIdentity } from '../document-text.js';
import { workStream } from '../streams.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView } from '../view.js';
import { partId, partRevision } from './workflow-rows.js';

/** What the creation of a workflow reads. */
export type WorkflowView = Pick<TorcView, 'workflow' | 'nextWorkflowNumber' | 'ordinalAfterDeletion'>;

const defaultConfig = (): string => {
  const config = normalize(WORKFLOW_CONFIG, '{}', 'post');
  if (config instanceof DomainError) throw config;
  return config.document;
};

/** Config of a workflow that was created without one (Torc contract 2.2). */
export const DEFAULT_CONFIG = defaultConfig();

/** Torc contract 2.3. */
export const INITIAL_STATUS = JSON.stringify({
  run_id: 0,
  is_canceled: false,
  scheduled_compute_node_ids: [],
  has_detected_need_to_run_completion_script: false,
  auto_tune_status: { enabled: false, job_keys: [] },
});

const EMPTY: readonly (string | undefined)[] = [undefined, 'null', '""'];

/** The time when it was created is set unless the client gave one (Torc contract 2.1). */
const withTimestamp = (document: string, timeMicros: number): string => {
  const members = membersOf(document);
  if (!EMPTY.includes(members.get('timestamp'))) return document;
  members.set('timestamp', JSON.stringify(new Date(Math.floor(timeMicros / 1000)).toISOString()));
  return objectText(members);
};

/** Ordinals, and so generated keys, of two workflows are this far apart, */
const ORDINALS_APART = 1_000_000;
/** of so many workflows: ordinals have 32 bits. */
const WORKFLOWS_APART = 4_000;

/**
 * Torc's own server gives each key once in all workflows, and `torc export sqlite` relies on it when it exports several. Here it holds
 * for `WORKFLOWS_APART` workflows in a row, each of up to `ORDINALS_APART` documents.
 */
const firstOrdinal = (number: number): number => ((number - 1) % WORKFLOWS_APART) * ORDINALS_APART + 1;

interface NewWorkflow {
  /** Raw JSON with defaults filled in, without `_key`, `_id`, `_rev`. */
  readonly document: string;
  readonly key?: string;
  readonly config?: string;
}

/** The workflow that a new one is recorded as; refused when its key is taken. */
export const newWorkflow = (
  view: WorkflowView,
  { document, key: chosen, config = DEFAULT_CONFIG }: NewWorkflow,
  timeMicros: number,
): WorkflowCreated | DomainError => {
  if (chosen !== undefined && view.workflow(chosen) !== undefined) return torcErrors.keyTaken('workflow', chosen);
  let number = view.nextWorkflowNumber();
  // A generated key passes over keys that callers have chosen.
  if (chosen === undefined) while (view.ordinalAfterDeletion(String(number)) !== undefined) number += 1;
  const key = chosen ?? String(number);
  return {
    workload_id: key,
    number,
    workflow: withTimestamp(document, timeMicros),
    config,
    status: INITIAL_STATUS,
    next_ordinal: view.ordinalAfterDeletion(key) ?? firstOrdinal(number),
  };
};

/** What a client gets that has created a workflow. */
export const createdWorkflowText = ({ workload_id: key, number, workflow }: WorkflowCreated): string =>
  withIdentity(workflow, { key, id: partId('workflow', key), rev: partRevision({ number }, 1) });

/** `POST /workflows`: a workflow with the default config. */
export const createWorkflow = (
  view: WorkflowView,
  request: NewWorkflow,
  timeMicros: number,
): Decision<DocumentReply> => {
  const created = newWorkflow(view, request, timeMicros);
  if (created instanceof DomainError) return created;
  return {
    events: [{ stream: workStream(created.workload_id), type: 'WorkflowCreated', data: created }],
    reply: { document: createdWorkflowText(created) },
  };
};
