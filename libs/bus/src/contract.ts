import type { DomainErrorValue } from '#platform/domain-error.js';
import type { Position } from '#ledger/ledger.js';

export const SERVICES = ['datasets', 'tasks', 'pilots', 'events', 'auth'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Who sends messages: a service, or the gateway. */
export const PROCESSES = ['gateway', ...SERVICES] as const;
export type ProcessName = (typeof PROCESSES)[number];

/** A value for each process. */
export const perProcess = <Value>(valueOf: (name: ProcessName) => Value): Readonly<Record<ProcessName, Value>> => ({
  gateway: valueOf('gateway'),
  datasets: valueOf('datasets'),
  tasks: valueOf('tasks'),
  pilots: valueOf('pilots'),
  events: valueOf('events'),
  auth: valueOf('auth'),
});

/**
 * On whose behalf a message is sent. The gateway fills it from a verified token; `roles` are already reduced to those that the route
 * allows. Names are unique: see `Identity` in `libs/platform/src/tokens/claims.ts`.
 */
export interface Caller {
  /** The external issuer that signed the token (URL); absent for Cairn's own tokens. */
  readonly issuer?: string;
  /** The account that the token was issued to. Repeats of a request are recognized by it, and the history names it. */
  readonly subject: string;
  /** Name that records, ownership and access rules use: the account, or the common name of all holders of the role `system`. */
  readonly username: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  /** When the token was issued (milliseconds since the Unix epoch); absent for messages that a service sends by itself. */
  readonly tokenIssuedAtMs?: number;
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
  /** The caller knows of changes up to here: the service answers when it shows them. */
  readonly shownTo?: Position;
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
  /** Services that may send it; the gateway may send everything. */
  readonly calledBy: readonly ServiceName[];
  /** Request and reply hold secrets: between processes they are encrypted for their reader. */
  readonly isSealed: boolean;
  /** Never set: carries the types. */
  readonly types?: { readonly request: Request; readonly reply: Reply };
}

type Options = Partial<Pick<Contract<unknown, unknown>, 'calledBy' | 'isSealed'>>;

/** By subject: what the broker's permissions are made from, and what a service checks before it answers. */
const declared = new Map<string, Contract<unknown, unknown>>();

const declare = <Request, Reply>(
  kind: 'query' | 'command',
  service: ServiceName,
  name: string,
  visibleIn: readonly ServiceName[],
  { calledBy = [], isSealed = false }: Options,
): Contract<Request, Reply> => {
  const contract = { subject: `cairn.v1.${service}.${name}`, service, kind, visibleIn, calledBy, isSealed };
  declared.set(contract.subject, contract);
  return contract;
};

export const query = <Request, Reply>(
  service: ServiceName,
  name: string,
  options: Options = {},
): Contract<Request, Reply> => declare('query', service, name, [], options);

export const command = <Request, Reply>(
  service: ServiceName,
  name: string,
  visibleIn: readonly ServiceName[] = [],
  options: Options = {},
): Contract<Request, Reply> => declare('command', service, name, visibleIn, options);

/** The contract that was declared with a subject. */
export const contractOf = (subject: string): Contract<unknown, unknown> | undefined => declared.get(subject);

/** All contracts of the modules that have been loaded. */
export const declaredContracts = (): readonly Contract<unknown, unknown>[] => [...declared.values()];

/** A request or reply that says nothing: `{}`. */
export type Nothing = Readonly<Record<string, never>>;

/** A page of a large answer. `entries` are raw JSON texts, unless said otherwise; ask again with `next` until it is absent. */
export interface Page<Entry = string> {
  readonly entries: readonly Entry[];
  readonly next?: string;
}
