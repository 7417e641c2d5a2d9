import { backgroundContext } from '#bus/background-context.js';
import type { MessageContext, ServiceName } from '#bus/contract.js';
import { type PositionRequest, WaitForPosition } from '#bus/visibility.js';
import { DomainError } from '#platform/domain-error.js';
import type { Position } from '#ledger/ledger.js';

/** As long as nothing is broken, what lies between two checkpoints is applied in a small part of this time. */
const WITHIN_MS = 120_000;

/** The part of a bus that is used. */
interface PositionBus {
  request(
    contract: ReturnType<typeof WaitForPosition>,
    request: PositionRequest,
    context: MessageContext,
  ): Promise<unknown>;
}

/**
 * Resolves when all the services show what happened up to a position.
 *
 * @throws DomainError `past.stuck` when one does not come to show it
 */
export const whenShown = async (
  bus: PositionBus,
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
