import type { RecordCut } from '#contracts/panda/range-events.js';

/** How many ranges a record has, those that are left out included. */
export const rangesIn = ({ first_event: first, last_event: last, size }: RecordCut): number =>
  Math.ceil((last - first + 1) / size);
