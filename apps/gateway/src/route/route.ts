import type { Caller, MessageContext } from '#bus/contract.js';
import { compile, type Fields, type RequestRules, type Schema, type Values } from './field.js';
import type { RequestSource } from './request-source.js';
import type { Upload } from './uploads.js';
import type { BodyLimits } from '../body/body-limits.js';

/** What a route does with a workload. */
export type WorkloadAction = 'read' | 'write';

/**
 * What a caller whose only role is `worker` must hold: nothing yet (`claim`: it claims units or registers itself), the unit or
 * the worker that the request names (its service decides), or a unit of the workload that the path names.
 */
export type LeaseScope = 'claim' | 'unit' | 'worker' | 'workload';

/**
 * Who may call: anybody, or callers with one of the roles. With a `rule`, the dialect's `workloadAccess` decides as well, or
 * the service if the path does not name the workload.
 */
export type Policy =
  | 'public'
  | {
      readonly roles: readonly string[];
      readonly rule?: WorkloadAction;
      readonly note?: string;
      /** Given exactly where `roles` has the role `worker`. */
      readonly lease?: LeaseScope;
      /** A valid token is enough; the roles are those that count when the token holds them. */
      readonly anyToken?: true;
      /** Plain users may call only for what is their own; this is checked before anything else of the request. */
      readonly own?: OwnPart;
    };

/** What a plain user must be, or belong to. */
interface OwnPart {
  /** In the words of the route list. */
  readonly words: string;
  readonly isOf: (caller: Caller, source: RequestSource) => boolean;
}

export interface RouteSpec<F extends Fields> extends RequestRules {
  /** Name of a dialect of the table. */
  readonly dialect: string;
  /** Unique; becomes the OpenAPI operation id. */
  readonly name: string;
  /** Heading under which the OpenAPI document lists it. */
  readonly tag: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `:name` for path parameters; a last segment `*name` takes the rest of the path, slashes and all. */
  readonly path: string;
  readonly policy: Policy;
  readonly summary: string;
  /** Types of the events that it records when it changes something, for the documentation. */
  readonly records?: readonly string[];
  /** Bodies for the documentation, where neither the schema nor the dialect's examples tell. */
  readonly examples?: { readonly request?: unknown; readonly response?: unknown };
  /** Exists only to reject requests in its own words: not in the OpenAPI document. */
  readonly undocumented?: true;
  readonly fields: F;
  /** Media type of the body; JSON unless given. */
  readonly bodyType?: string;
  /** Where they differ from those of the dialect. */
  readonly bodyLimits?: Partial<BodyLimits>;
  /** 200 unless given. */
  readonly status?: 200 | 201;
  readonly response: Schema;
  /** Headers of the answer, for the OpenAPI document. */
  readonly headers?: Readonly<Record<string, Schema>>;
  /** A member of the body that may be very large: then it goes straight to the blob store. */
  readonly upload?: Upload;
  /** JSON unless given. */
  readonly contentType?: string;
  /** How long the service may take. */
  readonly deadlineMs?: number;
  /** Errors besides those that follow from policy and fields: status to texts. */
  readonly errors?: Readonly<Record<number, string>>;
}

/** A route as the gateway runs it: the declaration with its validator. */
export interface Route<F extends Fields> extends RouteSpec<F> {
  readonly read: (source: RequestSource) => Values<F>;
}

export const defineRoute = <F extends Fields>(spec: RouteSpec<F>): Route<F> => ({
  ...spec,
  read: compile(spec.fields, spec),
});

/** A route whatever its fields, for the code that treats all alike. */
export interface AnyRoute extends RouteSpec<Fields> {
  readonly read: (source: RequestSource) => object;
}

/** A request as controllers get it: what the fields read, and what travels with every message. */
export interface Call<Input> {
  readonly input: Input;
  readonly context: MessageContext;
}

export type CallOf<R> = R extends { readonly read: (source: RequestSource) => infer Input } ? Call<Input> : never;

/** Text or bytes, or chunks of text that are sent as they come. */
export type RouteResponse = string | Uint8Array | AsyncIterable<string>;
