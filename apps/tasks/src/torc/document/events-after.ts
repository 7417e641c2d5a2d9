import type { ListEventsAfterRequest } from '#contracts/torc/documents.js';
import type { Chunks } from '#event-sourcing/paged-answers.js';
import { Slices } from '#event-sourcing/slices.js';
import type { TorcReader } from '../sqlite-view.js';
import type { Workflow } from '../view.js';
import { documentText } from './document-rows.js';
import { matcher } from './filters.js';

/** Events read at a time. */
const READ = 100;

const eventTime = (document: string): number => (JSON.parse(document) as { readonly timestamp: number }).timestamp;

/** Events with a greater timestamp, oldest first. */
export async function* eventsAfter(
  { documentRows }: TorcReader,
  workflow: Workflow,
  { after, category, limit }: ListEventsAfterRequest,
): Chunks {
  const slices = new Slices();
  const matches = matcher(category === undefined ? {} : { category: JSON.stringify(category) });
  let left = limit;
  let [time, ordinal] = [after, Number.MAX_SAFE_INTEGER];
  while (left > 0) {
    const read = documentRows.eventsAfter(workflow.workload, time, ordinal, READ);
    const entries: string[] = [];
    for (const event of read) {
      ({ ordinal } = event);
      if (left === 0 || !matches(event.document)) continue;
      entries.push(documentText(workflow, 'events', event));
      left -= 1;
    }
    const last = read.at(-1);
    if (last === undefined) break;
    time = eventTime(last.document);
    yield { entries };
    if (slices.spent) await slices.pause();
  }
  return undefined;
}
