import type { Dialect } from '#ledger/ref.js';
import { CAIRN_EVENT_VERSIONS, type CairnEventTypes } from './cairn/event-types.js';
import { ICEPROD_EVENT_VERSIONS, type IceprodEventTypes } from './iceprod/event-types.js';
import { PANDA_EVENT_VERSIONS, type PandaEventTypes } from './panda/event-types.js';
import { TORC_EVENT_VERSIONS, type TorcEventTypes } from './torc/event-types.js';

/**
 * The catalogue of events: what is recorded in the streams of each dialect (`partsOfStream(stream).dialect`), by type. Schemas, documentation and
 * timelines are made for exactly these.
 */
export interface EventTypes {
  readonly iceprod: IceprodEventTypes;
  readonly panda: PandaEventTypes;
  readonly torc: TorcEventTypes;
  readonly cairn: CairnEventTypes;
}

/** The schema version in which each is recorded, by dialect and type. Its members name all types there are. */
export const EVENT_VERSIONS: { readonly [Of in Dialect]: Readonly<Record<keyof EventTypes[Of], number>> } = {
  iceprod: ICEPROD_EVENT_VERSIONS,
  panda: PANDA_EVENT_VERSIONS,
  torc: TORC_EVENT_VERSIONS,
  cairn: CAIRN_EVENT_VERSIONS,
};
