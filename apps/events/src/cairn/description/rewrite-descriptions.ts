import type { RewriteEvents } from '#contracts/cairn/rewrite-events.js';
import { countIn } from '#ledger/rewrite/rewrites.js';
import type { DescriptionsOf } from '../../timeline/description.js';

export const rewriteDescriptions: DescriptionsOf<RewriteEvents> = {
  EventsRewritten: {
    what: ({ pseudonym, events }) =>
      `replaced a person's name in ${countIn(events)} events of the history by the pseudonym ${pseudonym}`,
  },
};
