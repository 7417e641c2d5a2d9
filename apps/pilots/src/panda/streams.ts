import { ref, streamName } from '#ledger/ref.js';

export const PANDA = 'panda';

/** Users, VOs, storages, shares and resource types. */
export const CONFIGURATION_STREAM = streamName('directory', ref(PANDA, 'main', 'configuration'));

/** A queue and its target slots. */
export const queueStream = (queue: string): string => streamName('site', ref(PANDA, 'main', queue));

/** A harvester instance with its workers, commands and reports. */
export const harvesterStream = (harvesterId: string): string => streamName('worker', ref(PANDA, 'main', harvesterId));

/** The worker nodes of a physical site. */
export const nodesStream = (site: string): string => streamName('site', ref(PANDA, 'nodes', site));
