import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Bus } from '#bus/bus.js';
import type { Caller, Contract, MessageContext, Page } from '#bus/contract.js';
import { pages } from '#bus/pages.js';
import { LIST_LIMIT_MAX, type ListOptions, type ListPage } from '#contracts/lists.js';
import type { RequestEvents } from '#contracts/iceprod/request-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { Mailbox } from '#event-sourcing/mailbox.js';
import type { Arguments } from './arguments.js';
import type { Lease } from './worker-pool.js';
import { requesterOf } from './request-access.js';
import { requestEvent, type StoredRequest } from './request.js';

/** How long a service may take: changes of thousands of units take longer than a query. */
const STEP_DEADLINE_MS = 60_000;

/** The work stops because the process ends or its lease has expired. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

const contextOf = ({ id, creator }: StoredRequest): MessageContext => ({
  correlationId: id,
  deadlineMs: Date.now() + STEP_DEADLINE_MS,
  dialect: 'iceprod',
  caller: { subject: creator, username: creator, roles: ['system'], groups: [] },
});

const commandIdOf = ({ id }: StoredRequest, step: string): string => `request/${id}/${step}`;

/** Appends an event of a request, once for each step. */
export const recordEvent = async (
  mailbox: Mailbox,
  request: StoredRequest,
  step: string,
  event: DecidedEvent,
): Promise<void> => {
  const answer = await mailbox.execute({
    context: { ...contextOf(request), commandId: commandIdOf(request, step) },
    timeMicros: nowMicros(),
    decide: () => ({ events: [event], reply: {} }),
  });
  if ('error' in answer) throw DomainError.from(answer.error);
};

interface OperationTools {
  readonly bus: Bus;
  readonly mailbox: Mailbox;
  readonly lease: Lease;
}

/**
 * One run of a request, on behalf of its creator. Every step that changes something has a name that is the same at each
 * attempt, so that after a crash nothing is done twice.
 */
export class Operation {
  constructor(
    readonly request: StoredRequest,
    readonly values: Arguments,
    private readonly tools: OperationTools,
  ) {}

  get requester(): Caller {
    return requesterOf(this.request, this.text('group'));
  }

  text(name: string): string {
    const value = this.values[name];
    return typeof value === 'string' ? value : '';
  }

  number(name: string): number {
    const value = this.values[name];
    return typeof value === 'number' ? value : 0;
  }

  list(name: string): readonly string[] | undefined {
    const value = this.values[name];
    return Array.isArray(value) ? value.map(String) : undefined;
  }

  /** @throws DomainError the service's refusal */
  call<Request, Reply>(contract: Contract<Request, Reply>, request: NoInfer<Request>): Promise<Reply> {
    return this.tools.bus.request(contract, request, this.context());
  }

  /** Sends a command that takes effect once, however often it is sent. */
  executeOnce<Request, Reply>(
    step: string,
    contract: Contract<Request, Reply>,
    request: NoInfer<Request>,
  ): Promise<Reply> {
    return this.tools.bus.request(contract, request, { ...this.context(), commandId: commandIdOf(this.request, step) });
  }

  /** As {@link executeOnce}, with no more rights and quotas than the requester has. */
  executeForRequester<Request, Reply>(
    step: string,
    contract: Contract<Request, Reply>,
    request: NoInfer<Request>,
  ): Promise<Reply> {
    const commandId = commandIdOf(this.request, step);
    const context = { ...this.context(), commandId, caller: this.requester };
    return this.tools.bus.request(contract, request, context);
  }

  /** As {@link executeOnce}; resolves with undefined if the current state does not allow the command. */
  async executeIfAllowed<Request, Reply>(
    step: string,
    contract: Contract<Request, Reply>,
    request: NoInfer<Request>,
  ): Promise<Reply | undefined> {
    try {
      return await this.executeOnce(step, contract, request);
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'state') return undefined;
      throw error;
    }
  }

  async *pages<Request extends { readonly cursor?: string }>(
    contract: Contract<Request, Page>,
    request: NoInfer<Request>,
  ): AsyncGenerator<readonly string[], void, void> {
    for await (const page of pages(this.tools.bus, contract, request, this.context())) {
      this.checkLease();
      yield page;
    }
  }

  /**
   * A list in order of creation, part by part. Each part shows its own state, because an operation may take minutes
   * between two parts, and no snapshot is held for so long.
   */
  async *listed<Request extends ListOptions>(
    contract: Contract<Request, ListPage>,
    request: NoInfer<Request>,
  ): AsyncGenerator<readonly string[], void, void> {
    let after: string | undefined;
    do {
      const part = { ...request, limit: LIST_LIMIT_MAX, ...(after !== undefined && { after }) };
      const entries: string[] = [];
      let cursor: string | undefined;
      do {
        this.checkLease();
        const page: ListPage = await this.call(contract, cursor === undefined ? part : { ...part, cursor });
        for (const entry of page.entries) entries.push(entry);
        ({ after, next: cursor } = page);
      } while (cursor !== undefined);
      yield entries;
    } while (after !== undefined);
  }

  /** Appends an event of the request. */
  async record<Type extends keyof RequestEvents>(step: string, type: Type, data: RequestEvents[Type]): Promise<void> {
    this.checkLease();
    await recordEvent(this.tools.mailbox, this.request, step, requestEvent(type, data));
  }

  /** Works on a dataset while it is locked for other requests. */
  exclusively<Result>(datasetId: string, work: () => Promise<Result>): Promise<Result> {
    return this.tools.lease.exclusively(datasetId, work);
  }

  /** @param part of the whole, up to 1 */
  advance(part: number): Promise<void> {
    const { id } = this.request;
    // 100 is reserved for the end, when the status says so as well.
    const progress = Math.min(99, Math.floor(part * 100));
    return this.record(`progress/${progress}`, 'RequestProgressed', { request_id: id, progress });
  }

  /**
   * Renews the lease.
   *
   * @throws Interrupted
   */
  private checkLease(): void {
    const { lease } = this.tools;
    if (lease.signal.aborted) throw new Interrupted();
    lease.heartbeat();
  }

  /** @throws Interrupted */
  private context(): MessageContext {
    this.checkLease();
    return contextOf(this.request);
  }
}
