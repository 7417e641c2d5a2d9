import type { EventMetadata } from '#ledger/ledger.js';
import { ref, streamName } from '#ledger/ref.js';
import type { Origin } from '../dialect.js';

/** Commands that release the tasks of a pilot that has ended, and ids of others. */
const RELEASE = /^pilot-ended\/([^/]+)\//;

/**
 * What an asynchronous request does has the request's id as its correlation id; what follows the end of a pilot is named after the pilot. The event
 * that began it is no consequence of itself.
 */
export const originOf = ({ causationId, correlationId }: EventMetadata): Origin => {
  const [, pilot] = RELEASE.exec(causationId) ?? [];
  return pilot === undefined
    ? { stream: streamName('directory', ref('iceprod', 'requests', correlationId)), type: 'RequestQueued' }
    : { stream: streamName('worker', ref('iceprod', 'main', pilot)), type: 'WorkerEnded' };
};
