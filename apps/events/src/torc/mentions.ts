import type {
  ActionClaimed,
  DocumentsStored,
  JobCanceled,
  JobFailed,
  JobsAdded,
  JobSucceeded,
} from '#contracts/torc/events.js';
import { fullId } from '#contracts/torc/ids.js';
import { accessMentions } from '../index/engine-mentions.js';
import type { Mentioned, MentionsOf, NamedPart } from '../index/mentioned.js';

function* namedJobs({ units, workload_id: workflow, jobs }: JobsAdded): Generator<NamedPart, void, void> {
  let at = 0;
  for (const [first, last] of units) {
    for (let ordinal = first; ordinal <= last; ordinal++, at++) {
      yield { kind: 'unit', ordinal, id: fullId('jobs', workflow, jobs[at]?.key ?? `${ordinal}`) };
    }
  }
}

/** The number of a document is its key, unless the caller chose one. */
const namedDocuments = ({ collection, keys = {} }: DocumentsStored, workflow: string): readonly NamedPart[] =>
  Object.entries(keys).map(([ordinal, key]) => ({
    ...{ kind: 'document', ordinal: Number(ordinal), id: fullId(collection, workflow, key) },
  }));

const ofDocument = ({ ordinal }: { readonly ordinal: number }): Mentioned => ({ documents: [[ordinal, ordinal]] });

/** Of an attempt at a job: the compute node. */
const ofNode = ({ compute_node: ordinal }: { readonly compute_node: number }): Mentioned => ofDocument({ ordinal });

/** Its end: also the result. */
const ofEnd = ({
  compute_node: node,
  result: { ordinal },
}: Pick<JobSucceeded | JobFailed | JobCanceled, 'compute_node' | 'result'>): Mentioned => ({
  // The node was there before.
  documents: [
    [node, node],
    [ordinal, ordinal],
  ],
});

const ofAction = ({ number, worker }: Pick<ActionClaimed, 'number' | 'worker'>, workflow: string): Mentioned => ({
  ...{ workers: [worker], objects: [`action/${workflow}/${number}`] },
});

/** Torc knows no sites, and people only where a workflow is shared; its compute nodes are documents of a workflow. */
export const mentions: MentionsOf<'torc'> = {
  ...accessMentions,
  JobsAdded: (added) => ({ named: namedJobs(added) }),
  DocumentsStored: (stored, workflow) => ({ documents: stored.ordinals, named: namedDocuments(stored, workflow) }),
  DocumentReplaced: ofDocument,
  DocumentContinued: ofDocument,
  DocumentsDeleted: ({ ordinals }) => ({ documents: ordinals }),
  UnitStarted: ofNode,
  UnitSucceeded: ofEnd,
  UnitFailed: ofEnd,
  UnitsMoved: (moved) => ('result' in moved ? ofEnd(moved) : {}),
  ActionsAdded: ({ actions }, workflow) => ({
    objects: actions.map(({ number }) => `action/${workflow}/${number}` as const),
  }),
  ActionClaimed: ofAction,
  ActionCompleted: ofAction,
};
