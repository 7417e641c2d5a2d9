import type { Readable } from 'node:stream';
import type { MessageContext } from '#bus/contract.js';
import type { Principal } from '#contracts/panda/principal.js';
import type { Schema } from '../../route/field.js';

/** A file part of a multipart body. */
export interface UploadedFile {
  /** The part's file name, as it was sent. */
  readonly fileName: string;
  /** The request's Content-Length; 0 when it is missing or no number (PanDA contract 7.1). */
  readonly contentLength: number;
  readonly content: Readable;
}

/** Declared types of parameters and what handlers get (contract 1.5, 1.6). `number` is `int | float`; `json` is an object or JSON text. */
export interface ParameterTypes {
  readonly str: string;
  readonly int: number;
  readonly float: number;
  readonly number: number;
  readonly bool: boolean;
  readonly list: readonly unknown[];
  readonly dict: Readonly<Record<string, unknown>>;
  readonly 'List[int]': readonly number[];
  readonly 'List[str]': readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
  readonly untyped: unknown;
  readonly file: UploadedFile;
}
export type TypeName = keyof ParameterTypes;

/** One parameter of a function. */
export interface Parameter<Value = unknown> {
  readonly type: TypeName;
  readonly required: boolean;
  /** What a parameter that was left out counts as. A value that equals it is not checked (contract 1.6). */
  readonly fallback?: Value;
  /** Other names that are accepted. */
  readonly aliases?: readonly string[];
  /** Turns a value of another type that real clients send into one of this type; undefined when it cannot (contract 1.6, leniencies). */
  readonly accepts?: (value: unknown) => Value | undefined;
  readonly description?: string;
  /** Never set: carries the type. */
  readonly value?: Value;
}

type Details<Value> = Pick<Parameter<Value>, 'aliases' | 'accepts' | 'description'>;

/** A parameter without a default. */
export const required = <Type extends TypeName>(
  type: Type,
  details: Details<ParameterTypes[Type]> = {},
): Parameter<ParameterTypes[Type]> => ({ type, required: true, ...details });

/** A parameter with a default. */
export const optional = <Type extends TypeName, Fallback extends ParameterTypes[Type] | null>(
  type: Type,
  fallback: Fallback,
  details: Details<ParameterTypes[Type] | null> = {},
): Parameter<ParameterTypes[Type] | Fallback> => ({
  ...(details as Details<ParameterTypes[Type] | Fallback>),
  type,
  required: false,
  fallback,
});

export type Parameters = Readonly<Record<string, Parameter>>;

export type ValuesOf<P extends Parameters> = {
  readonly [Name in keyof P]: P[Name] extends Parameter<infer Value> ? Value : never;
};

/** Who may call (contract 1.2, 6): nobody needs to be known, anybody who is known, or who has the production role. */
export type Access = 'none' | 'secure' | 'production';

/** `v1`: `/api/v1/<module>/<name>`; `legacy`: `/server/panda/<name>`; `cairn`: `/cairn/panda/<name>`. */
export type Api = 'v1' | 'legacy' | 'cairn';

/** A function of the API as data: from it come the routes, the guards, the decoding and the documentation. */
export interface PandaFunction<P extends Parameters = Parameters, A extends Api = Api> {
  readonly api: A;
  /** Path segment of the new API, such as `file_server`; of a legacy function the module it belongs to. */
  readonly module: string;
  readonly name: string;
  /** As `routes.tsv` has them. A `POST` of the new API accepts `PUT` too (D2). */
  readonly methods: readonly ('GET' | 'POST')[];
  readonly access: Access;
  /** A configured pilot role counts as the production role (contract 2.4: `pilot`, `event`, `harvester` and their legacy functions). */
  readonly acceptsPilots?: true;
  /** With `compat.relaxedReads` no identity is needed (D14), or production is not. */
  readonly relaxed?: 'none' | 'secure';
  /** The parameter that names the task which the caller must own, unless production (contract 2.8). */
  readonly owner?: string;
  readonly parameters: P;
  /** Further paths under which it is documented and served; `/api/latest/…` and `/server/panda/api/v1/…` need not be named. */
  readonly otherPaths?: readonly string[];
  /** Of the legacy API: how guards refuse where it is not as fields (contract 12). `json`: fields, but JSON whatever the client accepts (D26). */
  readonly refusal?: 'json' | 'tuple' | 'text';
  /** A request that is longer is not read but answered with `success:false` and this message (contract 1.8). */
  readonly bodyLimit?: { readonly bytes: number; readonly message: (contentLength: number) => string };
  /** Unknown parameters are ignored instead of refused. Legacy functions always ignore them. */
  readonly ignoresUnknown?: true;
  readonly summary: string;
  /** Of `data`, for the documentation. */
  readonly data?: Schema;
  /** Types of the events that it records, for the documentation. */
  readonly records?: readonly string[];
}

export type FunctionTable = Readonly<Record<string, PandaFunction>>;

type Declaration<P extends Parameters> = Omit<PandaFunction<P>, 'api'>;

/** A function of the new API. */
export const defineFunction = <P extends Parameters>(declaration: Declaration<P>): PandaFunction<P, 'v1'> => ({
  ...declaration,
  api: 'v1',
});

/** A function that the contract does not have, in the form of the new API. */
export const defineOwn = <P extends Parameters>(declaration: Declaration<P>): PandaFunction<P, 'cairn'> => ({
  ...declaration,
  api: 'cairn',
});

/** A function of the legacy API. Its parameters are cast by the rules of GET, and native values are accepted (contract 1.4). */
export const defineLegacy = <P extends Parameters>(declaration: Declaration<P>): PandaFunction<P, 'legacy'> => ({
  ...declaration,
  api: 'legacy',
});

/** JSON text that is sent as it is: what a service has answered is not parsed again. */
export class RawJson {
  constructor(readonly text: string) {}
}

/** JSON text that comes in pieces: too long to be in memory whole. */
export class JsonStream {
  constructor(readonly pieces: AsyncIterable<string>) {}
}

/** What a function of the new API answers (contract 1.7). */
export interface Envelope {
  readonly success: boolean;
  readonly message: string;
  readonly data: unknown;
}

export const success = (data: unknown = null, message = ''): Envelope => ({ success: true, message, data });
export const failure = (message: string, data: unknown = null): Envelope => ({ success: false, message, data });

/** Raw text in place of the envelope, as JSON text for clients that ask for JSON (contract 1.7). Pieces of a long one end anywhere. */
export class TextAnswer {
  constructor(readonly text: string | AsyncIterable<string>) {}
}

/**
 * What a legacy function answers (contract 12): fields beside `StatusCode` as JSON or URL-encoded text, whichever the client accepts; a JSON array
 * or other JSON whatever it accepts; a bare text.
 */
export type LegacyAnswer =
  | { readonly kind: 'fields'; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'refused'; readonly status: 403 | 404 };

/** A call as handlers get it. */
export interface PandaCall<P extends Parameters = Parameters> {
  readonly parameters: ValuesOf<P>;
  /** Undefined when nobody is known; functions with access `secure` and `production` always get one. */
  readonly principal: Principal | undefined;
  readonly context: MessageContext;
  /** The parameters that were sent, in the names that were sent: `wasSent('soft')` tells a default from a value that equals it. */
  readonly wasSent: (name: string) => boolean;
  readonly request: RequestFacts;
}

/** What some functions need of the HTTP request. */
export interface RequestFacts {
  readonly method: string;
  readonly path: string;
  /** As it came, without the question mark. */
  readonly query: string;
  /** `host:port` as the client named it. */
  readonly host: string;
  /** `https` or `http`, as the client sees it. */
  readonly scheme: string;
  readonly remoteAddress: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** The call of a declared function. */
export type CallOf<Function> = Function extends PandaFunction<infer P> ? PandaCall<P> : never;

type AnswerOf<Function> =
  Function extends PandaFunction<Parameters, infer A>
    ? A extends 'legacy'
      ? LegacyAnswer
      : Envelope | TextAnswer
    : never;

/** The class that serves a table has a method for each of its functions, of the same name. */
export type Handlers<Table extends FunctionTable> = {
  readonly [Name in keyof Table]: (call: CallOf<Table[Name]>) => AnswerOf<Table[Name]> | Promise<AnswerOf<Table[Name]>>;
};

/** A path outside of both APIs that everybody may read (contract 2.5, 7.7, 7.8). */
export interface RawRoute {
  /** `GET` serves `HEAD` too. */
  readonly methods: readonly ('GET' | 'POST')[];
  /** As Fastify writes it, such as `/cache/:file` and `/trf/*`. */
  readonly path: string;
  readonly summary: string;
}

export type RawTable = Readonly<Record<string, RawRoute>>;

export interface RawCall {
  /** What the path's parameters stand for, decoded; `*` is one of them. */
  readonly path: Readonly<Record<string, string>>;
  readonly context: MessageContext;
  readonly request: RequestFacts;
}

/** Sent as it is: what has a `contentEncoding` is encoded already, and what has none is not compressed. */
export interface RawAnswer {
  readonly status: 200 | 404;
  readonly contentType: string;
  readonly contentEncoding?: 'gzip';
  /** Bytes of the content, where they are known beforehand. */
  readonly length?: number;
  readonly content: string | Readable;
}

/** The class that serves a table of raw routes has a method for each of them, of the same name. */
export type RawHandlers<Table extends RawTable> = {
  readonly [Name in keyof Table]: (call: RawCall) => Promise<RawAnswer>;
};
