import { DomainError } from '#platform/domain-error.js';
import type { CollectionName } from '#contracts/torc/collections.js';
import type { DocumentReply } from '#contracts/torc/documents.js';
import type { AddedJob, WorkflowAction } from '#contracts/torc/events.js';
import { fullId } from '#contracts/torc/ids.js';
import type { DecidedEvent, SlicedDecision } from '#event-sourcing/command.js';
import { documentsStored, edgesAdded, jobsAdded, type NumberedDocument, type NumberedJob } from '../bulk-events.js';
import { Ordinals } from '../ordinals.js';
import { workStream } from '../streams.js';
import { createdWorkflowText, newWorkflow, type WorkflowView } from '../workflow/create-workflow.js';
import type { CompiledSpecification, SpecifiedJob } from './compile.js';
import type { Slot } from './names.js';

/** Documents, jobs and ends of edges that get ordinals between two yields. */
const NUMBERED_PER_YIELD = 2_000;

const keysOf = ({ documents, jobs }: CompiledSpecification): ReadonlyMap<string, ReadonlySet<string>> =>
  new Map<string, ReadonlySet<string>>([
    ...documents.map(({ collection, keys }) => [collection, new Set(keys.values())] as const),
    ['jobs', new Set(jobs.flatMap(({ key }) => key ?? []))],
  ]);

/** Creates a workflow with everything that a specification gives it: all or nothing (Torc contract 5.18, D6). */
export function* createFromSpecification(
  view: WorkflowView,
  specification: CompiledSpecification,
  timeMicros: number,
): SlicedDecision<DocumentReply> {
  const { workflow: document, key, config, documents, jobs, jobSlot, edges, actions } = specification;
  const created = newWorkflow(view, { document, config, ...(key !== undefined && { key }) }, timeMicros);
  if (created instanceof DomainError) return created;
  const workflow = created.workload_id;
  const stream = workStream(workflow);
  const events: DecidedEvent[] = [{ stream, type: 'WorkflowCreated', data: created }];
  const keys = keysOf(specification);
  const ordinals = new Ordinals(created.next_ordinal, (collection, text) => keys.get(collection)?.has(text) ?? false);
  const ordinalAt: number[] = [];
  /** Numbers the entity with a slot: they come in the order of their slots. */
  const numbered = (collection: CollectionName, slot: Slot): number => (ordinalAt[slot] = ordinals.take(collection));

  for (const { collection, slot, documents: texts, keys: chosen } of documents) {
    const stored: NumberedDocument[] = [];
    for (const [at, text] of texts.entries()) {
      stored.push({ ordinal: numbered(collection, slot + at), document: text, key: chosen.get(at) });
      if (at % NUMBERED_PER_YIELD === 0) yield;
    }
    for (const event of documentsStored(stream, collection, stored)) {
      events.push(event);
      yield;
    }
  }

  const idOfScheduler = (slot: Slot): string => {
    const ordinal = ordinalAt[slot] ?? 0;
    const schedulers = documents.find(({ collection }) => collection === 'slurm_schedulers');
    const chosen = schedulers?.keys.get(slot - schedulers.slot);
    return fullId('slurm_schedulers', workflow, chosen ?? String(ordinal));
  };
  const added: NumberedJob[] = [];
  for (const [at, job] of jobs.entries()) {
    added.push({ ordinal: numbered('jobs', jobSlot + at), job: addedJob(job, idOfScheduler) });
    if (at % NUMBERED_PER_YIELD === 0) yield;
  }
  for (const event of jobsAdded(stream, workflow, added)) {
    events.push(event);
    yield;
  }
  for (const [edge, slots] of edges) {
    const ends: (readonly [from: number, to: number])[] = [];
    for (let at = 0; at < slots.length; at += 2) {
      ends.push([ordinalAt[slots[at] ?? 0] ?? 0, ordinalAt[slots[at + 1] ?? 0] ?? 0]);
      if (at % NUMBERED_PER_YIELD === 0) yield;
    }
    for (const event of edgesAdded(stream, edge, ends, () => ordinals.take(edge))) {
      events.push(event);
      yield;
    }
  }
  for (const [at, { document: text, jobs: slots, scheduler }] of actions.entries()) {
    const action: WorkflowAction = {
      number: at + 1,
      document: text,
      jobs: slots.map((slot) => ordinalAt[slot] ?? 0),
      ...(scheduler !== undefined && { scheduler: ordinalAt[scheduler] ?? 0 }),
    };
    events.push({ stream, type: 'ActionsAdded', data: { actions: [action] } });
  }
  return { events, reply: { document: createdWorkflowText(created) } };
}

const addedJob = ({ document, key, nodes }: SpecifiedJob, idOfScheduler: (slot: Slot) => string): AddedJob => ({
  document: nodes === undefined ? document : withNodes(document, nodes, idOfScheduler(nodes.scheduler)),
  status: 'uninitialized',
  ...(key !== undefined && { key }),
});

/** The job with its `schedule_compute_nodes`, where the id of the scheduler replaces its name. */
const withNodes = (document: string, { parameters }: NonNullable<SpecifiedJob['nodes']>, id: string): string =>
  `${document.slice(0, -1)},"schedule_compute_nodes":${JSON.stringify({ ...parameters, scheduler_id: id })}}`;
