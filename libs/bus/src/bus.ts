import { DomainError } from '#platform/domain-error.js';
import type { Metrics } from '#platform/metrics.js';
import type { Position } from '#ledger/ledger.js';
import type { Answer, Contract, MessageContext, ServiceName } from './contract.js';
import { WaitForPosition, VISIBLE_WITHIN_MS } from './visibility.js';

/** `Retry-After` of an unavailable answer. */
export const RETRY_AFTER_SECONDS = 1;

/** The error for a request that nothing answered in time. */
export const noAnswer = (service: ServiceName, why: string): DomainError =>
  new DomainError('unavailable', 'bus.no-answer', `no answer from ${service}: ${why}`, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });

/**
 * Sends messages to services, wherever they run; a transport says how. An abstract class, so that it is its own Nest
 * token.
 */
export abstract class Bus {
  constructor(private readonly metrics?: Metrics) {}

  /**
   * Resolves with the reply of the one service that owns the contract's subject. For a command it resolves when every
   * service of `visibleIn` has reached the position of the command's last event.
   *
   * @throws DomainError the handler's refusal; kind `unavailable` when nothing answered before the deadline
   */
  async request<Request, Reply>(
    contract: Contract<Request, Reply>,
    request: Request,
    context: MessageContext,
  ): Promise<Reply> {
    const startMs = performance.now();
    const answer = await this.deliver(contract, request, context);
    this.metrics?.busRequest(contract.subject, (performance.now() - startMs) / 1000);
    if ('error' in answer) {
      this.metrics?.busRefusal(contract.subject, answer.error.kind);
      throw DomainError.from(answer.error);
    }
    if (answer.position !== undefined && contract.visibleIn.length > 0) {
      await this.visible(contract.visibleIn, answer.position, context);
    }
    return answer.reply;
  }

  /** Gets the message to the service and its answer back before the deadline; silence is an `unavailable` answer. */
  protected abstract deliver<Request, Reply>(
    contract: Contract<Request, Reply>,
    request: Request,
    context: MessageContext,
  ): Promise<Answer<Reply>>;

  private async visible(
    services: readonly ServiceName[],
    position: Position,
    { correlationId, dialect, caller }: MessageContext,
  ): Promise<void> {
    const context = { correlationId, dialect, caller, deadlineMs: Date.now() + VISIBLE_WITHIN_MS };
    const answers = await Promise.all(
      services.map((service) => this.deliver(WaitForPosition(service), { position }, context)),
    );
    const late = services.filter((_, index) => 'error' in (answers[index] ?? {}));
    if (late.length === 0) return;
    throw new DomainError('unavailable', 'bus.not-visible-yet', `changed, but not shown yet by ${late.join(', ')}`, {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      changed: true,
    });
  }
}
