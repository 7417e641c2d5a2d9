import type { TorcAnswer } from './torc-client.js';

export type Document = Readonly<Record<string, unknown>>;

const aText = (pattern: RegExp): unknown => expect.stringMatching(pattern) as unknown;

/** A generated key (contract 1.5). */
export const aKey = aText(/^\d+$/);
export const aRevision = aText(/^[A-Za-z0-9_-]+$/);
/** A server time of a workflow (contract 1.9). */
export const aTime = aText(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
/** A text that is for people. */
export const someText = aText(/\S/);

export const ok = (json: unknown): TorcAnswer => ({ status: 200, json });

/** What actions answer. */
export const carriedOut: TorcAnswer = ok({ message: someText });

/** An error in the shape of contract 1.7, with any message. */
export const refused = (status: number, errorNum = status): TorcAnswer => ({
  status,
  json: { error: true, errorNum, errorMessage: someText, code: status },
});

/** A page of a list (contract 1.6). */
export const list = (
  items: readonly unknown[],
  { skip = 0, total = items.length }: { readonly skip?: number; readonly total?: number } = {},
): TorcAnswer =>
  ok({
    items,
    skip,
    max_limit: 100_000,
    count: items.length,
    total_count: total,
    has_more: items.length > 0 && skip + items.length < total,
  });

export const documentIn = ({ json }: TorcAnswer): Document => json as Document;

export const itemsIn = ({ json }: TorcAnswer): readonly Document[] => (json as { items: readonly Document[] }).items;

/** The jobs of the answer to a claim. */
export const jobsIn = ({ json }: TorcAnswer): readonly Document[] => (json as { jobs: readonly Document[] }).jobs;

export const keyOf = (document: Document): string => String(document['_key']);
export const idOf = (document: Document): string => String(document['_id']);
export const revisionOf = (document: Document): string => String(document['_rev']);

export const without = (document: Document, ...names: readonly string[]): Document =>
  Object.fromEntries(Object.entries(document).filter(([name]) => !names.includes(name)));
