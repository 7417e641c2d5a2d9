import type { Ledger, RecordedEvent } from '#ledger/ledger.js';
import type { Entry } from './entry-numbers.js';

/** Revisions of a stream at most this far apart are read together with the events between them. */
const GAP_MAX = 3;

/** Events may be large: so many are in memory for one reading. */
const SPAN_EVENTS_MAX = 32;

interface Span {
  readonly stream: string;
  readonly from: number;
  to: number;
}

/** Parts of streams that hold the entries. */
const spansOf = (entries: readonly Entry[]): readonly Span[] => {
  const sorted = entries.toSorted((a, b) =>
    a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : a.revision - b.revision,
  );
  const spans: Span[] = [];
  for (const { stream, revision } of sorted) {
    const last = spans.at(-1);
    const isClose = last?.stream === stream && revision - last.to <= GAP_MAX && revision - last.from < SPAN_EVENTS_MAX;
    if (isClose) last.to = revision;
    else spans.push({ stream, from: revision, to: revision });
  }
  return spans;
};

const nameOf = ({ stream, revision }: Pick<Entry, 'stream' | 'revision'>): string => `${stream}@${revision}`;

/** The events of some entries, in their order. One reading serves neighbours in a stream. All are held in memory: give few at a time. */
export const readEvents = async (ledger: Ledger, entries: readonly Entry[]): Promise<readonly RecordedEvent[]> => {
  const spans = spansOf(entries);
  const read = await Promise.all(
    spans.map(({ stream, from, to }) => ledger.readStream(stream, { from, limit: to - from + 1 })),
  );
  const events = new Map(read.flat().map((event) => [nameOf(event), event]));
  return entries.map((entry) => {
    const event = events.get(nameOf(entry));
    if (event === undefined) throw new Error(`The ledger has no event ${entry.revision} of ${entry.stream}`);
    return event;
  });
};
