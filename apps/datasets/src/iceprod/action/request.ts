import { DomainError } from '#platform/domain-error.js';
import { ref, streamName } from '#ledger/ref.js';
import type { Action, RequestStatus } from '#contracts/iceprod/actions.js';
import type { RequestEvents, RequestQueued } from '#contracts/iceprod/request-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';

/** Streams of requests; each has its own, because it lives for a short time and concerns nothing else. */
export const REQUEST_STREAMS = 'directory-iceprod.requests.';

/** A request as the tables hold it. */
export interface StoredRequest {
  readonly id: string;
  readonly action: Action;
  readonly datasetId: string | undefined;
  readonly status: RequestStatus;
  readonly attempts: number;
  /** Attempts that ended with their process or their lease, before the last attempt. */
  readonly interruptions: number;
  /** An attempt has begun, and has neither finished nor been paused. */
  readonly isStarted: boolean;
  readonly madeMicros: number;
  readonly changedMicros: number;
  readonly creator: string;
  readonly role: string;
  /** Groups of the creator's token; undefined for a request of an earlier version, which kept none. */
  readonly groups: readonly string[] | undefined;
  /** That token; undefined when a service made the request by itself. */
  readonly token: RequestQueued['token'];
  readonly arguments: { readonly raw: string } | { readonly blobKey: string };
  readonly progress: number | undefined;
  /** Raw JSON of an object. */
  readonly results: string | undefined;
  readonly message: string;
}

/** A request that was interrupted so often fails: it may be what ends the process. */
export const INTERRUPTIONS_MAX = 3;

/** Materializations may wait longest: all other requests go first (IceProd contract 16). */
export const priorityOf = (action: Action): number => (action === 'materialization' ? 1 : 10);

export const requestNotFound = (): DomainError =>
  new DomainError('not-found', 'request.not-found', 'Request not found');

/** An event of a request, for its stream. */
export const requestEvent = <Type extends keyof RequestEvents>(
  type: Type,
  data: RequestEvents[Type],
): DecidedEvent => ({
  stream: streamName('directory', ref('iceprod', 'requests', data.request_id)),
  type,
  data,
});
