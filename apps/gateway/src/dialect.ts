import type { Provider, Type } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import type { Bus } from '#bus/bus.js';
import type { Caller, MessageContext } from '#bus/contract.js';
import type { Environment } from '#platform/environment.js';
import type { BodyLimits } from './body/body-limits.js';
import type { OwnProtocol } from './edge/own-protocol.js';
import type { ErrorResponse, RequestError } from './edge/request-error.js';
import type { Examples } from './route/example.js';
import type { Schema } from './route/field.js';
import type { ParameterRules, RequestSource } from './route/request-source.js';
import type { AnyRoute, WorkloadAction } from './route/route.js';
import type { WorkloadOperations } from './route/workload-operations.js';

/**
 * An API that the gateway speaks, as its folder declares it: all that the shared code knows of it.
 * `docs/adding-a-dialect.md` shows how to add one.
 */
export interface Dialect extends ParameterRules {
  /** Names the dialect in its routes and in every message to the services. */
  readonly name: string;
  /**
   * Beginnings of the paths that belong to the dialect, whether or not they lead anywhere; `*` stands for any characters
   * but a slash. They decide who answers 404 and 405. The one dialect without `paths` has all that no other claims.
   */
  readonly paths?: readonly string[];
  /** In the order of the documentation. */
  readonly routes: readonly AnyRoute[];
  readonly controllers: readonly Type[];
  readonly providers: readonly Provider[];
  /** Headers of every response, unless its route sets others. */
  readonly headers: Readonly<Record<string, string>>;
  /** Status, reason phrase and body of an error of a request for a path. */
  readonly errorResponse: (error: RequestError, path: string) => ErrorResponse;
  /**
   * Serves all routes of the dialect in place of controllers, for an API that has its own way with methods, callers and bodies. One of the
   * `providers`.
   */
  readonly protocol?: Type<OwnProtocol>;
  /** Milliseconds that a service has to reply, unless the route gives it more. */
  readonly deadlineMs: number;
  /** Of requests, unless their route declares others. */
  readonly bodyLimits: BodyLimits;
  /** Needed where a route's policy has a `rule`, or a `lease` of a workload. */
  readonly workloadAccess?: WorkloadAccess;
  /** Of a dialect that has workloads: how they are held, released, retried and cancelled by Cairn's own API. One of the `providers`. */
  readonly workloadOperations?: Type<WorkloadOperations>;
  /**
   * Changes a URL before the router sees it. Runs for the URLs of all dialects: leave those of others alone. A token in the URL is moved
   * to `headers.authorization`, because URLs are logged and headers are not.
   */
  readonly rewriteUrl?: (url: string, headers: IncomingHttpHeaders) => string;
  /** Its paths know no verbs but those of its routes: HEAD, and OPTIONS of no web page, get 405. */
  readonly onlyDeclaredMethods?: true;
  /** How the dialect serves requests without a token; without this it refuses them. */
  readonly localAccess?: LocalAccess;
  /** Where time travel finds what the API answered; absent in what has no workloads. */
  readonly past?: PastPaths;
  readonly openApi: {
    /** Schemas that the routes refer to. */
    readonly schemas: Readonly<Record<string, Schema>>;
    /** The one among them that describes the body of {@link Dialect.errorResponse}. */
    readonly errorSchema: string;
    /** What errors mean, by status, where that does not follow from policies and fields. */
    readonly errors?: Readonly<Record<number, string>>;
    readonly examples: Examples;
  };
}

/** Paths of GET routes, with their queries. */
export interface PastPaths {
  documentOf(workload: string): string;
  /** @param unit its id, as the API writes it */
  documentOfUnit(workload: string, unit: string): string;
  /** Names who asks, where the API takes no token of Cairn's own. */
  headersOf?(caller: Pick<Caller, 'username'>): Readonly<Record<string, string>>;
  /** Providers that keep a copy of what services have told them, which is another at another moment. */
  readonly copies?: readonly Type<Forgetful>[];
}

/** Asks anew for what it knows. */
export interface Forgetful {
  forget(): void;
}

/** Serves requests without a token that come from the machine itself, where the deployment allows it. */
export interface LocalAccess {
  /** Who the requests are made by. */
  readonly caller: Caller;
  /** @param isEmbedded whether all of Cairn runs in this process */
  isAllowed(environment: Environment, isEmbedded: boolean): boolean;
}

/** How a dialect tells whether a caller may read or change a workload. */
export interface WorkloadAccess {
  /** The dialect's word for a workload. */
  readonly word: string;
  /** The workload that the path of a route names; undefined when it names none. */
  workloadOf(route: AnyRoute, source: RequestSource): string | undefined;
  /** @throws DomainError when the caller may not do this with the workload that the request's path names */
  authorize(bus: Bus, request: WorkloadRequest): Promise<void>;
}

export interface WorkloadRequest {
  readonly action: WorkloadAction;
  readonly route: AnyRoute;
  readonly source: RequestSource;
  readonly context: MessageContext;
}
