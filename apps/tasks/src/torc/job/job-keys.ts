import type { Chunks } from '#event-sourcing/paged-answers.js';
import { Slices } from '#event-sourcing/slices.js';
import type { TorcView, Workflow } from '../view.js';

/** Keys that are made between two looks at the clock. */
const KEYS = 500;

/** Keys of all jobs in order of creation, as JSON strings. */
export async function* jobKeys(view: Pick<TorcView, 'states' | 'keyAt'>, workflow: Workflow): Chunks {
  const slices = new Slices();
  let entries: string[] = [];
  for (const { ordinal } of view.states(workflow)) {
    entries.push(JSON.stringify(view.keyAt(workflow, ordinal)));
    if (entries.length < KEYS) continue;
    yield { entries };
    entries = [];
    if (slices.spent) await slices.pause();
  }
  yield { entries };
  return undefined;
}
