import { rangesOf, rangesPerEvent } from '#contracts/ranges.js';
import { membersOf, objectText } from '#contracts/raw-json.js';
import type { CollectionName } from '#contracts/torc/collections.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import type { TorcEventTypes } from '#contracts/torc/event-types.js';
import type { JobsInitialized } from '#contracts/torc/events.js';
import { revisionText } from '#contracts/torc/ids.js';
import type { JobStatus } from '#contracts/torc/statuses.js';
import type { Ranges } from '#contracts/work-events.js';
import type { DecidedEvent, Decided } from '#event-sourcing/command.js';
import { edgesAdded } from './bulk-events.js';
import { Ordinals } from './ordinals.js';
import type { Job, TorcView, Workflow } from './view.js';

/** Raw JSON of an object with some fields replaced or added. */
export const withFields = (object: string, fields: Iterable<readonly [name: string, raw: string]>): string =>
  objectText(new Map([...membersOf(object), ...fields]));

/** The events of one change of a workflow. Gives the documents and edges that it adds their ordinals. */
export class WorkflowChange {
  readonly events: DecidedEvent[] = [];
  private readonly ordinals: Ordinals;
  private lastEventMs: number;

  constructor(
    view: TorcView,
    private readonly workflow: Workflow,
    private readonly timeMicros: number,
  ) {
    this.ordinals = new Ordinals(workflow.nextOrdinal, (collection, key) => view.isKeyUsed(workflow, collection, key));
    this.lastEventMs = workflow.lastEventMs;
  }

  decided<Reply>(reply: Reply): Decided<Reply> {
    return { events: this.events, reply };
  }

  /** The ordinal of a new document or edge. */
  ordinalIn(collection: CollectionName | EdgeName): number {
    return this.ordinals.take(collection);
  }

  record<Type extends keyof TorcEventTypes>(type: Type, data: TorcEventTypes[Type]): void {
    this.events.push({ stream: this.workflow.stream, type, data });
  }

  /** Sets fields of the status document. `is_reset` forgets hand-outs of the completion script. */
  setStatus(fields: Iterable<readonly [name: string, raw: string]>, also: { readonly is_reset?: true } = {}): void {
    const document = withFields(this.workflow.status, fields);
    this.record('WorkflowReplaced', { part: 'status', document, ...also });
  }

  /** Sets the status of jobs. */
  move(ordinals: Iterable<number>, status: JobStatus): void {
    for (const units of rangesPerEvent(rangesOf([...ordinals]))) {
      // Retries after failures count from 0 again.
      this.record('UnitsMoved', { units, status, ...(status === 'uninitialized' && { clears: ['failures'] }) });
    }
  }

  initialize(ordinals: readonly number[], values: Omit<JobsInitialized, 'units'>): void {
    for (const units of rangesPerEvent(rangesOf(ordinals))) this.record('JobsInitialized', { units, ...values });
  }

  /** Makes jobs block others. The pairs do not exist yet. */
  *block(pairs: readonly (readonly [blocker: number, dependent: number])[]): Generator<void, void, void> {
    for (const event of edgesAdded(this.workflow.stream, 'blocks', pairs, () => this.ordinalIn('blocks'))) {
      this.events.push(event);
      yield;
    }
  }

  /** An event of the events collection (contract 5.13). Times of one workflow are strictly increasing (D40). */
  serverEvent(fields: Readonly<Record<string, unknown>>): { readonly ordinal: number; readonly document: string } {
    this.lastEventMs = Math.max(Math.floor(this.timeMicros / 1000), this.lastEventMs + 1);
    return {
      ordinal: this.ordinalIn('events'),
      document: JSON.stringify({ ...fields, timestamp: this.lastEventMs }),
    };
  }
}

/** The revision of a job. */
export const revisionOf = ({ ordinal, writes }: Pick<Job, 'ordinal' | 'writes'>): string =>
  revisionText(ordinal, writes);

/** The ranges of a single job. */
export const onlyUnit = (ordinal: number): Ranges => [[ordinal, ordinal]];
