import type { DomainErrorValue } from '#platform/domain-error.js';
import type { Position } from '#ledger/ledger.js';

export type ServiceName = 'datasets' | 'tasks' | 'pilots' | 'events' | 'auth';

/** Who asks. The gateway fills it from a verified token; `roles` are already cut to those that the route allows. */
export interface Caller {
  readonly subject: string;
  readonly username: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

/** Travels with every message. */
export interface MessageContext {
  readonly correlationId: string;
  /**
   * Names a command that may come more than once: the same id gets the first reply again. A client gives it with its
   * Idempotency-Key, a service that resumes an operation names it by its step, and a transport that sends repeatedly to what has none.
   */
  readonly commandId?: string;
  /** Hash of a request that its client named: under the same command id, one with another hash is refused. */
  readonly requestHash?: string;
  /** Milliseconds since the Unix epoch after which nobody waits for the answer. */
  readonly deadlineMs: number;
  readonly dialect: string;
  readonly caller: Caller;
}

export interface Message<Request> {
  readonly context: MessageContext;
  readonly request: Request;
}

/** What a handler answers: a value, with the position of a command's last event, or a refusal. */
export type Answer<Reply> =
  { readonly reply: Reply; readonly position?: Position } | { readonly error: DomainErrorValue };

/**
 * A question or order between services, declared once and used at both ends. The type parameters exist for the
 * compiler only; documents inside requests and replies are strings of raw JSON, so that they are never parsed on the way.
 */
export interface Contract<Request, Reply> {
  /** `cairn.v1.<service>.<name>` */
  readonly subject: string;
  readonly service: ServiceName;
  readonly kind: 'query' | 'command';
  /** Services besides the owner whose answers a command's events change; a REST answer waits for them. */
  readonly visibleIn: readonly ServiceName[];
  /** Never set: carries the types. */
  readonly types?: { readonly request: Request; readonly reply: Reply };
}

export const query = <Request, Reply>(service: ServiceName, name: string): Contract<Request, Reply> => ({
  subject: `cairn.v1.${service}.${name}`,
  service,
  kind: 'query',
  visibleIn: [],
});

export const command = <Request, Reply>(
  service: ServiceName,
  name: string,
  visibleIn: readonly ServiceName[] = [],
): Contract<Request, Reply> => ({ subject: `cairn.v1.${service}.${name}`, service, kind: 'command', visibleIn });

/** A request or reply that says nothing: `{}`. */
export type Nothing = Readonly<Record<string, never>>;

/** A page of a large answer. `entries` are raw JSON texts, unless said otherwise; ask again with `next` until it is absent. */
export interface Page<Entry = string> {
  readonly entries: readonly Entry[];
  readonly next?: string;
}
