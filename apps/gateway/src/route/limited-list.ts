import { nextLoopTurn } from '#platform/loop-turn.js';
import type { Bus } from '#bus/bus.js';
import type { Contract, Page } from '#bus/contract.js';
import type { Call } from './route.js';
import type { Framing } from './streaming.js';

/** So much is held for one answer; where documents are very long it holds fewer than asked for, and the list goes on. */
const CHARACTERS_MAX = 8 * 1024 * 1024;

interface ListRequest {
  readonly limit?: number;
  readonly cursor?: string;
}

/** `after` says where the list goes on behind this page. */
interface ListPage extends Page {
  readonly after?: string;
  readonly position?: number;
}

/** A list that a limit ends, whole, because its header says whether it goes on. */
export const limitedList = async <Request extends ListRequest>(
  bus: Bus,
  contract: Contract<Request, ListPage>,
  { input, context }: Call<NoInfer<Request>>,
  framing: Framing,
): Promise<{ readonly text: string; readonly after: string | undefined; readonly position: number | undefined }> => {
  const budgetMs = context.deadlineMs - Date.now();
  let page = await bus.request(contract, input, context);
  const entries = [...page.entries];
  let characters = lengthOf(entries);
  while (page.next !== undefined && characters < CHARACTERS_MAX) {
    await nextLoopTurn();
    const rest = { ...input, cursor: page.next };
    page = await bus.request(contract, rest, { ...context, deadlineMs: Date.now() + budgetMs }, true);
    for (const entry of page.entries) entries.push(entry);
    characters += lengthOf(page.entries);
  }
  const inside = entries.length === 0 ? '' : framing.chunk(entries, true);
  return { text: framing.open + inside + framing.close, after: page.after, position: page.position };
};

const lengthOf = (entries: readonly string[]): number => entries.reduce((sum, { length }) => sum + length, 0);
