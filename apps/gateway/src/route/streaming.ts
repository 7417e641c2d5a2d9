import type { Bus } from '#bus/bus.js';
import type { Contract, Page } from '#bus/contract.js';
import { pages } from '#bus/pages.js';
import type { Call, RouteResponse } from './route.js';

/** Puts the entries of pages together to one document. One per answer: it may remember where it is. */
export interface Framing {
  readonly open: string;
  /** `entries` is not empty. */
  chunk(entries: readonly string[], isFirst: boolean): string;
  readonly close: string;
}

const separated = (open: string, close: string): Framing => ({
  open,
  close,
  chunk: (entries, isFirst) => (isFirst ? entries.join(',') : `,${entries.join(',')}`),
});

/** Entries are `"key":value` texts. */
export const asObject = (): Framing => separated('{', '}');

/** Entries are values, answered as an array between `open` and `close`. */
export const asArray = (open = '[', close = ']'): Framing => separated(open, close);

const LINE_BREAKS = /[\n\r]+/g;

/** Entries are values, one a line. JSON has line breaks only between its tokens, so there they may go. */
export const asLines = (): Framing => ({
  open: '',
  close: '',
  chunk: (entries) => entries.map((entry) => `${entry.replace(LINE_BREAKS, ' ')}\n`).join(''),
});

async function* follow<Request extends { readonly cursor?: string }>(
  bus: Bus,
  contract: Contract<Request, Page>,
  { input, context }: Call<Request>,
  budgetMs: number,
  framing: Framing,
  first: { readonly text: string; readonly isEmpty: boolean; readonly next: string },
): AsyncGenerator<string, void, void> {
  if (first.text !== '') yield first.text;
  let isFirst = first.isEmpty;
  const rest = { ...input, cursor: first.next };
  for await (const entries of pages(bus, contract, rest, { ...context, deadlineMs: Date.now() + budgetMs })) {
    if (entries.length === 0) continue;
    yield framing.chunk(entries, isFirst);
    isFirst = false;
  }
  if (framing.close !== '') yield framing.close;
}

/**
 * Answers what a service gives page by page. What fits one page is one text; more is streamed as fast as the client reads,
 * and no page is asked for ahead. A refusal of the first page is an ordinary error; later ones break the connection off, so
 * that no client takes half an answer for a whole one.
 *
 * @param onFirstPage called before anything is sent, so that headers may still be set
 */
export const streamed = async <Request extends { readonly cursor?: string }, First extends Page = Page>(
  bus: Bus,
  contract: Contract<Request, First>,
  call: Call<NoInfer<Request>>,
  framing: Framing,
  onFirstPage: (page: NoInfer<First>) => void = () => {},
): Promise<RouteResponse> => {
  const budgetMs = call.context.deadlineMs - Date.now();
  const first = await bus.request(contract, call.input, call.context);
  onFirstPage(first);
  const { entries, next } = first;
  const isEmpty = entries.length === 0;
  const text = isEmpty ? framing.open : framing.open + framing.chunk(entries, true);
  return next === undefined
    ? text + framing.close
    : follow(bus, contract, call, budgetMs, framing, { text, isEmpty, next });
};
