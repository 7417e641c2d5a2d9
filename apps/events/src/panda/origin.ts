import type { EventMetadata } from '#ledger/ledger.js';
import type { Origin } from '../dialect.js';

/** Stages of tasks act by themselves, in the name of the request that has made a task due. */
const AUTOMATION = 'cairn-automation';

export const originOf = ({ actor, correlationId }: EventMetadata): Origin | undefined =>
  actor === AUTOMATION ? { request: correlationId } : undefined;
