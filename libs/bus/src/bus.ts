import { DomainError } from '#platform/domain-error.js';
import type { Metrics } from '#platform/metrics.js';
import type { Position } from '#ledger/ledger.js';
import type { Answer, Contract, MessageContext, ServiceName } from './contract.js';
import { UnseenChanges } from './unseen-changes.js';
import { WaitForPosition, VISIBLE_WITHIN_MS } from './visibility.js';

/** How often a service is asked again whether it shows a change. */
const ASK_AGAIN_MS = 100;

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
  private readonly unseen = new UnseenChanges();

  constructor(private readonly metrics?: Metrics) {}

  /**
   * Resolves with the reply of the one service that owns the contract's subject. For a command it resolves when every
   * service of `visibleIn` has reached the position of the command's last event, or after {@link VISIBLE_WITHIN_MS}: a durable
   * change is not answered with an error, because clients repeat what fails. The caller's next queries then wait.
   *
   * @throws DomainError the handler's refusal; kind `unavailable` when nothing answered before the deadline
   */
  async request<Request, Reply>(
    contract: Contract<Request, Reply>,
    request: Request,
    context: MessageContext,
  ): Promise<Reply> {
    const startMs = performance.now();
    if (contract.kind === 'query') await this.showChanges(contract.service, context);
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

  /** Waits a while until the services show a change; what they do not show then, the caller's next queries wait for. */
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
    if (late.length > 0) this.unseen.add(caller, late, position);
  }

  /** @throws DomainError `unavailable` when the service does not show the caller's changes before the deadline */
  private async showChanges(service: ServiceName, context: MessageContext): Promise<void> {
    const position = this.unseen.positionFor(context.caller, service);
    if (position === undefined) return;
    while (Date.now() < context.deadlineMs) {
      const startMs = performance.now();
      const answer = await this.deliver(WaitForPosition(service), { position }, context);
      if (!('error' in answer)) {
        this.unseen.seen(context.caller, service, position);
        return;
      }
      // A service waits itself; one that refuses at once must not be asked without a pause.
      const leftMs = Math.min(ASK_AGAIN_MS - (performance.now() - startMs), context.deadlineMs - Date.now());
      if (leftMs > 0) await new Promise((resume) => setTimeout(resume, leftMs));
    }
    throw new DomainError('unavailable', 'bus.not-visible-yet', `${service} does not show your last change yet`, {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  }
}
