import { DomainError } from '#platform/domain-error.js';
import type { Contract, MessageContext, ServiceName } from './contract.js';

/** `Retry-After` of an unavailable answer. */
export const RETRY_AFTER_SECONDS = 1;

/** The error for a request that nothing answered in time. */
export const noAnswer = (service: ServiceName, why: string): DomainError =>
  new DomainError('unavailable', 'bus.no-answer', `no answer from ${service}: ${why}`, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });

/**
 * Sends messages to services, wherever they run. An abstract class, so that it is its own Nest token.
 */
export abstract class Bus {
  /**
   * Resolves with the reply of the one service that owns the contract's subject. For a command it resolves when every
   * service of `visibleIn` has reached the position of the command's last event, or after half a second: a durable
   * change is not answered with an error, because clients repeat what fails. The caller's next messages carry the position,
   * and the service that gets them waits until it shows it.
   *
   * @param isLaterPage of an answer that has begun: it shows what the first page does, so it waits for no change
   * @throws DomainError the handler's refusal; kind `unavailable` when nothing answered before the deadline
   */
  abstract request<Request, Reply>(
    contract: Contract<Request, Reply>,
    request: Request,
    context: MessageContext,
    isLaterPage?: boolean,
  ): Promise<Reply>;
}
