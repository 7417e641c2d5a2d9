import { InProcessBus } from '#bus/in-process-bus.js';
import type { InProcessStrategy } from '#bus/in-process.strategy.js';
import type { Contract, MessageContext } from '#bus/contract.js';
import type { DomainError } from '#platform/domain-error.js';
import type { Metrics } from '#platform/metrics.js';

/** A bus that carries questions, and refuses commands. */
export class PastBus extends InProcessBus {
  /** @param refusal what a change is refused with */
  constructor(
    strategy: InProcessStrategy,
    private readonly refusal: DomainError,
    metrics: Metrics,
  ) {
    super(strategy, metrics);
  }

  override request<Request, Reply>(
    contract: Contract<Request, Reply>,
    request: Request,
    context: MessageContext,
  ): Promise<Reply> {
    return contract.kind === 'command' ? Promise.reject(this.refusal) : super.request(contract, request, context);
  }
}
