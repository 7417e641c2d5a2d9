import { type EventMetadata, type Ledger, type Position, type RecordedEvent, START } from './ledger.js';

const timeOf = ({ metadata }: RecordedEvent): number => (JSON.parse(metadata) as EventMetadata).timeMicros;

const firstBehind = async (ledger: Ledger, position: Position): Promise<RecordedEvent | undefined> => {
  for await (const { events } of ledger.readAll({ after: position })) {
    if (events[0] !== undefined) return events[0];
  }
  return undefined;
};

/**
 * The head that the ledger had at a time: the position of the last event up to then, {@link START} before the first. Clocks of several processes
 * may differ by a little; then it is one of the places where a later event follows. Reads an event for each halving of the ledger.
 *
 * @param timeMicros microseconds since the Unix epoch
 */
export const positionAtTime = async (ledger: Ledger, timeMicros: number): Promise<Position> => {
  let [before, behind] = [START, await ledger.head()];
  while (before < behind) {
    const middle = Math.floor((before + behind) / 2);
    const event = await firstBehind(ledger, middle);
    if (event !== undefined && timeOf(event) <= timeMicros) before = event.position;
    else behind = middle;
  }
  return before;
};
