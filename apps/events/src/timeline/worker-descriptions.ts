import { membersOf } from '#contracts/raw-json.js';
import type { SiteEvents, WorkerEvents } from '#contracts/worker-events.js';
import { counted, type DescriptionsOf, listed } from './description.js';
import { amended } from './unit-descriptions.js';
import { exactly, joined, plainValues } from './values.js';

/** Meanings of the events of workers, with what the dialect's documents call the id. */
export const workerDescriptions = (id: string): DescriptionsOf<WorkerEvents> => ({
  WorkerStarted: {
    what: ({ worker_id, holder }, { nouns }) =>
      `registered the ${nouns.worker} ${worker_id}${holder === undefined ? '' : ` for ${holder}`}`,
    sets: {
      worker: ({ worker_id, description }) => joined(plainValues({ [id]: worker_id }), membersOf(description)),
    },
  },
  WorkerReported: {
    what: ({ fields }, { nouns }) => `reported ${listed([...membersOf(fields).keys()])} of the ${nouns.worker}`,
    sets: { worker: ({ fields }, subject) => amended(fields, subject) },
  },
  WorkerEnded: {
    what: ({ worker_id, reason, units, silent_seconds: silent }, { nouns }) => {
      const why = silent === undefined ? 'no heartbeat came' : `no heartbeat came for ${silent} s`;
      const left = units.length === 0 ? 'it ran nothing' : `it ran ${counted(units.length, nouns.unit)}`;
      return reason === 'deleted'
        ? `deleted the ${nouns.worker} ${worker_id}; ${left}`
        : `counted the ${nouns.worker} ${worker_id} as lost, because ${why}; ${left}`;
    },
    sets: { worker: (_, { before }) => exactly(before) },
  },
  WorkerUnitsReleased: {
    what: ({ evicted }, { nouns }) =>
      `released the ${nouns.unit}s of the ended ${nouns.worker}; ${evicted} had still been running`,
    follows: () => ['WorkerEnded'],
  },
});

/** Meanings of the events of sites, with what the dialect's documents call the id. */
export const siteDescriptions = (id: string): DescriptionsOf<SiteEvents> => ({
  SiteRegistered: {
    what: ({ site_id, username }, { nouns }) => `registered the ${nouns.site} ${site_id} for ${username}`,
    sets: {
      site: ({ site_id, username, description }) =>
        joined(plainValues({ [id]: site_id, username }), membersOf(description)),
    },
  },
  SiteReported: {
    what: ({ fields }, { nouns }) => `reported ${listed([...membersOf(fields).keys()])} of the ${nouns.site}`,
    sets: { site: ({ fields }, subject) => amended(fields, subject) },
  },
});
