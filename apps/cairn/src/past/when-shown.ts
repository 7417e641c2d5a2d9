import type { Bus } from '#bus/bus.js';
import { backgroundContext } from '#bus/background-context.js';
import type { ServiceName } from '#bus/contract.js';
import { WaitForPosition } from '#bus/visibility.js';
import { DomainError } from '#platform/domain-error.js';
import type { Position } from '#ledger/ledger.js';

/** As long as nothing is broken, what lies between two checkpoints is applied in a small part of this time. */
const WITHIN_MS = 120_000;

/**
 * Resolves when all the services show what happened up to a position.
 *
 * @throws DomainError `past.stuck` when one does not come to show it
 */
export const whenShown = async (
  bus: Pick<Bus, 'request'>,
  services: readonly ServiceName[],
  position: Position,
  withinMs = WITHIN_MS,
): Promise<void> => {
  const end = Date.now() + withinMs;
  for (const service of services) {
    for (;;) {
      try {
        await bus.request(WaitForPosition(service), { position }, backgroundContext('cairn', 'cairn-past'));
        break;
      } catch (error) {
        if (!(error instanceof DomainError) || error.kind !== 'unavailable') throw error;
        if (Date.now() < end) continue;
        const text = `The ${service} of position ${position} cannot be made from the history, see the log`;
        throw new DomainError('unavailable', 'past.stuck', text);
      }
    }
  }
};
