import { nextLoopTurn } from '#platform/loop-turn.js';
import type { Bus } from './bus.js';
import type { Contract, MessageContext, Page } from './contract.js';

/**
 * Follows a large answer page by page; each page has as much time as the first one. Nothing is asked ahead, so that a slow
 * reader holds at most one page.
 */
export async function* pages<Request extends { readonly cursor?: string }, Entry = string>(
  bus: Bus,
  contract: Contract<Request, Page<Entry>>,
  request: Request,
  context: MessageContext,
): AsyncGenerator<readonly Entry[], void, void> {
  const budgetMs = context.deadlineMs - Date.now();
  let cursor = request.cursor;
  do {
    const page: Page<Entry> = await bus.request(
      contract,
      cursor === undefined ? request : { ...request, cursor },
      { ...context, deadlineMs: Date.now() + budgetMs },
      cursor !== undefined,
    );
    yield page.entries;
    cursor = page.next;
    // A fast reader takes page after page without a pause, and inside one process nothing else waits for input or output.
    await nextLoopTurn();
  } while (cursor !== undefined);
}
