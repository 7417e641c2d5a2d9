import type { Contract, MessageContext } from './contract.js';

/** Sends messages to services, wherever they run. An abstract class, so that it is its own Nest token. */
export abstract class Bus {
  /**
   * Resolves with the reply of the one service that owns the contract's subject. For a command it resolves when every
   * service of `visibleIn` has reached the position of the command's last event.
   *
   * @throws DomainError the handler's refusal; kind `unavailable` when nothing answered before the deadline
   */
  abstract request<Request, Reply>(
    contract: Contract<Request, Reply>,
    request: Request,
    context: MessageContext,
  ): Promise<Reply>;
}
