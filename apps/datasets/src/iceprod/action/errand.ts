import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Bus } from '#bus/bus.js';
import type { Contract, MessageContext, Page } from '#bus/contract.js';
import { pages } from '#bus/pages.js';
import { LIST_LIMIT_MAX, type ListOptions, type ListPage } from '#contracts/iceprod/lists.js';
import type { RequestEvents } from '#contracts/iceprod/request-events.js';
import type { Mailbox } from '#event-sourcing/mailbox.js';
import type { Arguments } from './arguments.js';
import type { Shift } from './foreman.js';
import { requestEvent, type StoredRequest } from './request.js';

/** How long a service may take: changes of thousands of units take longer than a question. */
const STEP_DEADLINE_MS = 60_000;

/** The work is laid down because the process ends or somebody else has taken it up. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** The work cannot be done; the text is what the requester reads. */
export const failure = (text: string): DomainError => new DomainError('state', 'request.failed', text);

interface ErrandTools {
  readonly bus: Bus;
  readonly mailbox: Mailbox;
  readonly shift: Shift;
}

/**
 * One request being worked on, on behalf of whoever made it. Every step that changes something has a name that is the same
 * at each attempt, so that after a crash nothing is done twice.
 */
export class Errand {
  constructor(
    readonly request: StoredRequest,
    readonly values: Arguments,
    private readonly tools: ErrandTools,
  ) {}

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
  ask<Request, Reply>(contract: Contract<Request, Reply>, request: NoInfer<Request>): Promise<Reply> {
    return this.tools.bus.request(contract, request, this.context());
  }

  /** Changes something, once however often it is called. */
  order<Request, Reply>(step: string, contract: Contract<Request, Reply>, request: NoInfer<Request>): Promise<Reply> {
    return this.tools.bus.request(contract, request, { ...this.context(), commandId: this.nameOf(step) });
  }

  /** As {@link order}; what the state of things does not allow is left as it is, and there is no reply. */
  async orderIfLegal<Request, Reply>(
    step: string,
    contract: Contract<Request, Reply>,
    request: NoInfer<Request>,
  ): Promise<Reply | undefined> {
    try {
      return await this.order(step, contract, request);
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
      this.heed();
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
        this.heed();
        const page: ListPage = await this.ask(contract, cursor === undefined ? part : { ...part, cursor });
        for (const entry of page.entries) entries.push(entry);
        ({ after, next: cursor } = page);
      } while (cursor !== undefined);
      yield entries;
    } while (after !== undefined);
  }

  /** Puts a fact about the request on record. */
  async record<Type extends keyof RequestEvents>(step: string, type: Type, data: RequestEvents[Type]): Promise<void> {
    const answer = await this.tools.mailbox.execute({
      context: { ...this.context(), commandId: this.nameOf(step) },
      timeMicros: nowMicros(),
      decide: () => ({ events: [requestEvent(type, data)], reply: {} }),
    });
    if ('error' in answer) throw DomainError.from(answer.error);
  }

  /** Works on a dataset while no other request does. */
  alone<Result>(datasetId: string, work: () => Promise<Result>): Promise<Result> {
    return this.tools.shift.alone(datasetId, work);
  }

  /** @param part of the whole, up to 1 */
  advance(part: number): Promise<void> {
    const { id } = this.request;
    // 100 is for the end, when the status says so as well.
    const progress = Math.min(99, Math.floor(part * 100));
    return this.record(`progress/${progress}`, 'RequestProgressed', { request_id: id, progress });
  }

  private nameOf(step: string): string {
    return `request/${this.request.id}/${step}`;
  }

  /**
   * Shows that the work goes on, as long as it is to.
   *
   * @throws Interrupted
   */
  private heed(): void {
    const { shift } = this.tools;
    if (shift.signal.aborted) throw new Interrupted();
    shift.sign();
  }

  /** @throws Interrupted */
  private context(): MessageContext {
    this.heed();
    const { id, creator } = this.request;
    return {
      correlationId: id,
      deadlineMs: Date.now() + STEP_DEADLINE_MS,
      dialect: 'iceprod',
      caller: { subject: creator, username: creator, roles: ['system'], groups: [] },
    };
  }
}
