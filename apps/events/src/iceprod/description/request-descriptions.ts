import type { RequestEvents } from '#contracts/iceprod/request-events.js';
import { because, type DescriptionsOf } from '../../timeline/description.js';

export const requestDescriptions: DescriptionsOf<RequestEvents> = {
  RequestQueued: {
    what: ({ action, request_id, dataset_id }) =>
      `asked for ${action}${dataset_id === undefined ? '' : ` of the dataset ${dataset_id}`} (request ${request_id})`,
    begins: ({ request_id }) => request_id,
  },
  RequestStarted: { what: ({ request_id }) => `began to work on the request ${request_id}` },
  RequestPaused: {
    what: ({ request_id }) => `stopped work on the request ${request_id} for now, because Cairn stopped`,
  },
  JobsPlanned: {
    what: ({ dataset_id, from, to }) => `settled that the dataset ${dataset_id} gets the jobs ${from} to ${to}`,
  },
  RequestProgressed: { what: ({ request_id, progress }) => `brought the request ${request_id} to ${progress} %` },
  RequestCompleted: { what: ({ request_id }) => `completed the request ${request_id}` },
  RequestFailed: {
    what: ({ request_id, message }) => `could not carry out the request ${request_id}${because(message)}`,
  },
};
