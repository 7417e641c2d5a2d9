import type { RewriteEvents } from '#contracts/cairn/rewrite-events.js';
import type { DescriptionsOf } from '../../timeline/description.js';

const countOf = (ranges: RewriteEvents['EventsRewritten']['events']): number =>
  ranges.reduce((count, [first, last]) => count + last - first + 1, 0);

export const rewriteDescriptions: DescriptionsOf<RewriteEvents> = {
  EventsRewritten: {
    what: ({ pseudonym, events }) =>
      `replaced a person's name in ${countOf(events)} events of the history by the pseudonym ${pseudonym}`,
  },
};
