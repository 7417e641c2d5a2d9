import type { JobsAdded } from '#contracts/torc/events.js';
import { fullId } from '#contracts/torc/ids.js';
import { accessMentions } from '../index/engine-mentions.js';
import type { MentionsOf, NamedPart } from '../index/mentioned.js';

function* namedJobs({ units, workload_id: workflow, jobs }: JobsAdded): Generator<NamedPart, void, void> {
  let at = 0;
  for (const [first, last] of units) {
    for (let ordinal = first; ordinal <= last; ordinal++, at++) {
      yield { kind: 'unit', ordinal, id: fullId('jobs', workflow, jobs[at]?.key ?? `${ordinal}`) };
    }
  }
}

/** Torc knows no sites, and people only where a workflow is shared; its compute nodes are documents of a workflow. */
export const mentions: MentionsOf<'torc'> = {
  ...accessMentions,
  JobsAdded: (added) => ({ named: namedJobs(added) }),
  ActionClaimed: ({ worker }) => ({ workers: [worker] }),
  ActionCompleted: ({ worker }) => ({ workers: [worker] }),
};
