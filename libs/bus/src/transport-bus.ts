import { DomainError } from '#platform/domain-error.js';
import type { Metrics } from '#platform/metrics.js';
import type { Position } from '#ledger/ledger.js';
import { Bus } from './bus.js';
import type { Answer, Contract, MessageContext, ServiceName } from './contract.js';
import { UnseenChanges } from './unseen-changes.js';
import { type UnseenChange, VISIBLE_WITHIN_MS, WaitForPosition } from './visibility.js';

/** The gateways are told of a change that does not show after this time, well before its caller can ask one of them. */
const TELL_AFTER_MS = VISIBLE_WITHIN_MS / 2;

/** A bus whose transport says how a message gets to its service. It answers a command when its events show. */
export abstract class TransportBus extends Bus {
  /** What this process, or another, has answered too early. */
  protected readonly unseen = new UnseenChanges();

  constructor(private readonly metrics?: Metrics) {
    super();
  }

  override async request<Request, Reply>(
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
