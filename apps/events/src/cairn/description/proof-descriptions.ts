import type { CheckpointEvents } from '#contracts/cairn/proof.js';
import type { DescriptionsOf } from '../../timeline/description.js';
import { plainValues } from '../../timeline/values.js';

export const proofDescriptions: DescriptionsOf<CheckpointEvents> = {
  CheckpointSigned: {
    what: ({ number, events, key }) =>
      `signed checkpoint ${number}, which covers the first ${events} events of the history, with the key ${key}`,
    sets: { object: plainValues },
  },
};
