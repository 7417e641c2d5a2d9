import { DomainError } from '#platform/domain-error.js';
import type { Metrics } from '#platform/metrics.js';
import type { Position } from '#ledger/ledger.js';
import type { Answer, Contract, MessageContext, ServiceName } from './contract.js';
import { UnseenChanges } from './unseen-changes.js';
import { type UnseenChange, VISIBLE_WITHIN_MS, WaitForPosition } from './visibility.js';

/** The gateways are told of a change that does not show after this time, well before its caller can ask one of them. */
const TELL_AFTER_MS = VISIBLE_WITHIN_MS / 2;

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
  /** What this process, or another, has answered too early. */
  protected readonly unseen = new UnseenChanges();

  constructor(private readonly metrics?: Metrics) {}

  /**
   * Resolves with the reply of the one service that owns the contract's subject. For a command it resolves when every
   * service of `visibleIn` has reached the position of the command's last event, or after {@link VISIBLE_WITHIN_MS}: a durable
   * change is not answered with an error, because clients repeat what fails. The caller's next messages carry the position,
   * and the service that gets them waits until it shows it.
   *
   * @param isLaterPage of an answer that has begun: it shows what the first page does, so it waits for no change
   * @throws DomainError the handler's refusal; kind `unavailable` when nothing answered before the deadline
   */
  async request<Request, Reply>(
    contract: Contract<Request, Reply>,
    request: Request,
    context: MessageContext,
    isLaterPage = false,
  ): Promise<Reply> {
    const startMs = performance.now();
    const { caller } = context;
    const unseen = isLaterPage ? undefined : this.unseen.positionFor(caller, contract.service);
    const shownTo = unseen === undefined ? undefined : Math.max(unseen, context.shownTo ?? 0);
    const answer = await this.deliver(contract, request, shownTo === undefined ? context : { ...context, shownTo });
    if (shownTo !== undefined && 'reply' in answer) this.unseen.seen(caller, contract.service, shownTo);
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

  /** Tells all gateways of a change that does not show everywhere yet. Never rejects. */
  protected abstract tellGateways(change: UnseenChange): Promise<void>;

  /** Waits a while until the services show a change; what they do not show then, the caller's next messages wait for. */
  private async visible(
    services: readonly ServiceName[],
    position: Position,
    { correlationId, dialect, caller }: MessageContext,
  ): Promise<void> {
    const context = { correlationId, dialect, caller, deadlineMs: Date.now() + VISIBLE_WITHIN_MS };
    const late = new Set(services);
    const change = (): UnseenChange => ({ caller: { subject: caller.subject }, services: [...late], position });
    let told: Promise<void> | undefined;
    const timer = setTimeout(() => {
      told = this.tellGateways(change());
    }, TELL_AFTER_MS);
    await Promise.all(
      services.map(async (service) => {
        const answer = await this.deliver(WaitForPosition(service), { position }, context);
        if ('reply' in answer) late.delete(service);
      }),
    );
    clearTimeout(timer);
    if (late.size === 0) return;
    this.unseen.add(change());
    await (told ?? this.tellGateways(change()));
  }
}
