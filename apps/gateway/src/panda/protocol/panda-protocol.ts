import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import type { Bus } from '#bus/bus.js';
import type { Caller } from '#bus/contract.js';
import { DomainError } from '#platform/domain-error.js';
import type { Principal } from '#contracts/panda/principal.js';
import { addressOf } from '#platform/network-client.js';
import { isObject } from '#platform/json-object.js';
import { GetTaskOwner } from '#contracts/panda/ownership.js';
import type { BodyAccount } from '../../body/body-budget.js';
import { dropRest, readBody } from '../../body/read-body.js';
import type { OwnProtocol } from '../../edge/own-protocol.js';
import { HttpError } from '../../edge/request-error.js';
import type { ResponseBody } from '../../edge/response-body.js';
import { pathOf } from '../../edge/url-path.js';
import { questionOf } from '../../route/authorization.js';
import { requireUsableKey } from '../../route/idempotency-key.js';
import { contextOf } from '../../route/message-context.js';
import {
  type Answered,
  asJson,
  asText,
  envelopePieces,
  envelopeText,
  JSON_TYPE,
  jsonString,
  legacyAnswer,
} from './answers.js';
import {
  ANONYMOUS_LIMITS,
  collected,
  type Decoded,
  fromForm,
  isFormLike,
  fromJson,
  fromQuery,
  LIMITS,
  queryOf,
} from './decoding.js';
import {
  type Access,
  type Envelope,
  failure,
  JsonStream,
  type LegacyAnswer,
  type PandaCall,
  type PandaFunction,
  type RawAnswer,
  type RequestFacts,
  TextAnswer,
} from './function.js';
import {
  accessOf,
  accessProblem,
  legacyFailure,
  legacyRefusal,
  MESSAGES,
  methodProblem,
  type Refused,
} from './guards.js';
import { readForm } from './multipart.js';
import { readerOf } from './parameters.js';
import { routePathsOf } from './routes.js';
import type { Answer, Served } from './served.js';
import type { Authenticator } from './authenticator.js';

/** A function with what its declaration has been compiled to. */
interface CompiledFunction {
  readonly kind: 'function';
  readonly declared: PandaFunction;
  readonly access: Access;
  readonly read: ReturnType<typeof readerOf>;
  readonly handle: Extract<Served, { kind: 'function' }>['handle'];
}

type Compiled = CompiledFunction | Extract<Served, { kind: 'raw' }>;

interface Needs {
  readonly bus: Bus;
  readonly authenticator: Authenticator;
  /** Milliseconds that services have to reply. */
  readonly deadlineMs: number;
  /** `compat.relaxedReads` (D14). */
  readonly isRelaxed: boolean;
  /** Where clients reach Cairn, if that is not what requests name. */
  readonly publicUrl: string | undefined;
}

const ANONYMOUS: Caller = { subject: '', username: '', roles: [], groups: [] };

const callerOf = ({ name }: Principal): Caller => ({ subject: name, username: name, roles: ['user'], groups: [] });

const mediaTypeOf = ({ headers }: FastifyRequest): string =>
  (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';

const FORM_TYPE = 'application/x-www-form-urlencoded';
const MULTIPART_TYPE = 'multipart/form-data';

const acceptsJson = ({ headers }: FastifyRequest): boolean => headers.accept?.includes(JSON_TYPE) === true;

const contentLengthOf = ({ headers }: FastifyRequest): number => {
  const length = Number(headers['content-length']);
  return Number.isSafeInteger(length) ? length : 0;
};

/** A refusal of a service in its own words, which clients get as a handled failure; anything else is a fault or an outage. */
const isRefusal = (error: unknown): error is DomainError =>
  error instanceof DomainError && error.kind !== 'internal' && error.kind !== 'unavailable';

const isReading = (method: string): boolean => method === 'GET' || method === 'HEAD';

/** Serves tables of functions and raw routes (contract 1). They are compiled once, when it is made. */
export class PandaProtocol implements OwnProtocol {
  private readonly byPath: ReadonlyMap<string, Compiled>;
  private readonly principals = new WeakMap<FastifyRequest, Principal>();

  constructor(
    served: readonly Served[],
    private readonly needs: Needs,
  ) {
    this.byPath = new Map(
      served.flatMap((each) => {
        const compiled = this.compile(each);
        return routePathsOf(each.declared).map((path) => [path, compiled] as const);
      }),
    );
  }

  async authenticate(request: FastifyRequest): Promise<Caller> {
    if (this.compiledFor(request).kind === 'raw') return ANONYMOUS;
    const principal = await this.needs.authenticator.principalOf(request);
    if (principal === undefined) return ANONYMOUS;
    this.principals.set(request, principal);
    return callerOf(principal);
  }

  async serve(request: FastifyRequest, reply: FastifyReply, account: BodyAccount): Promise<ResponseBody> {
    const compiled = this.compiledFor(request);
    if (compiled.kind === 'raw') return this.serveRaw(compiled, request, reply);
    const answer = await this.answerOf(compiled, request, account);
    if (answer instanceof TextAnswer) return textBody(answer, request, reply);
    if ('data' in answer && answer.data instanceof JsonStream) {
      void reply.header('content-type', JSON_TYPE);
      return Readable.from(envelopePieces(answer, answer.data.pieces), { objectMode: false });
    }
    const { status, contentType, body } = encoded(answer, acceptsJson(request));
    void reply.code(status).header('content-type', contentType);
    // To a string, Fastify would add a charset.
    return Buffer.from(body);
  }

  private compile(served: Served): Compiled {
    if (served.kind === 'raw') return served;
    const { declared, handle } = served;
    return {
      kind: 'function',
      declared,
      handle,
      access: accessOf(declared, this.needs.isRelaxed),
      read: readerOf(declared),
    };
  }

  private compiledFor({ route }: FastifyRequest): Compiled {
    const compiled = this.byPath.get(route?.path ?? '');
    if (compiled === undefined) throw new HttpError(404, 'Not Found');
    return compiled;
  }

  /** The order of contract 1.2 from step 4 on. What nobody may do anyway is not read when it is long. */
  private async answerOf(compiled: CompiledFunction, request: FastifyRequest, account: BodyAccount): Promise<Answer> {
    const { declared, access } = compiled;
    const { body, method } = request;
    const problem = accessProblem(declared, access, this.principals.get(request)) ?? methodProblem(declared, method);
    const refuse = (refused: Refused): Answer => refusalOf(declared, refused);
    const { bodyLimit } = declared;
    if (bodyLimit !== undefined && problem === undefined && contentLengthOf(request) > bodyLimit.bytes) {
      if (body instanceof Readable) dropRest(body);
      return failureOf(declared, bodyLimit.message(contentLengthOf(request)));
    }
    try {
      const decoded = await this.decode(request, account, problem);
      if ('guard' in decoded) return refuse(decoded);
      return problem === undefined ? await this.call(compiled, request, decoded) : refuse(problem);
    } finally {
      // A handler may answer without reading a file to its end.
      if (request.body instanceof Readable && !request.body.readableEnded) dropRest(request.body);
    }
  }

  /** Contract 1.3, 1.4. Resolves with the refusal of a request whose body is too long to be read in vain. */
  private async decode(
    request: FastifyRequest,
    account: BodyAccount,
    problem: Refused | undefined,
  ): Promise<Decoded | Refused> {
    const { body, method, url } = request;
    if (isReading(method) || !(body instanceof Readable)) return fromQuery(url);
    const mediaType = mediaTypeOf(request);
    if (mediaType === MULTIPART_TYPE) return problem ?? this.decodeForm(request, body);
    if (problem !== undefined && contentLengthOf(request) > READ_IN_VAIN_BYTES_MAX) return problem;
    const limits = this.principals.has(request) ? LIMITS : ANONYMOUS_LIMITS;
    const unread = { ...limits, isRaw: true } as const;
    const bytes = await readBody(body, { limits: unread, account, authorize: () => Promise.resolve() });
    request.body = bytes;
    if (mediaType === FORM_TYPE || (mediaType === '' && isFormLike(bytes)))
      return merged(fromQuery(url), fromForm(bytes));
    if (bytes.length === 0 && mediaType !== JSON_TYPE) return fromQuery(url);
    return fromJson(bytes, limits);
  }

  private async decodeForm(request: FastifyRequest, body: Readable): Promise<Decoded> {
    const { fields, file } = await readForm(body, request.headers['content-type'] ?? '', contentLengthOf(request));
    const sent = new Map<string, unknown>(collected(fields));
    if (file !== undefined) sent.set(file.name, file.file);
    return { sent, encoding: 'text' };
  }

  private async call(
    { declared, read, handle }: CompiledFunction,
    request: FastifyRequest,
    { sent, encoding }: Decoded,
  ): Promise<Answer> {
    const parameters = read(sent, encoding);
    if ('problem' in parameters) return refusalOf(declared, { guard: 'arguments', message: parameters.problem });
    const factsOf = (): RequestFacts => this.factsOf(request);
    const call: PandaCall = {
      parameters: parameters.values,
      principal: this.principals.get(request),
      context: this.contextOf(request),
      wasSent: (name) => sent.has(name),
      // Few functions look at it.
      get request() {
        return factsOf();
      },
    };
    try {
      requireUsableKey(request);
      if (!(await this.isOwner(declared, call)))
        return refusalOf(declared, { guard: 'owner', message: MESSAGES.owner });
      return await handle(call);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return failureOf(declared, error.message);
    }
  }

  /** Contract 2.8. */
  private async isOwner({ owner }: PandaFunction, { parameters, principal, context }: PandaCall): Promise<boolean> {
    if (owner === undefined || principal?.isProduction === true) return true;
    const task_id = parameters[owner];
    if (typeof task_id !== 'number') return true;
    const { name } = await this.needs.bus.request(GetTaskOwner, { task_id }, questionOf(context));
    return name !== null && name === principal?.name;
  }

  private async serveRaw(
    { handle }: Extract<Compiled, { kind: 'raw' }>,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<ResponseBody> {
    if (request.body instanceof Readable) dropRest(request.body);
    const answer = await handle({
      path: textsIn(request.params),
      context: this.contextOf(request),
      request: this.factsOf(request),
    });
    return rawBody(answer, reply);
  }

  private contextOf(request: FastifyRequest): PandaCall['context'] {
    const { route, caller } = request;
    if (route === null || caller === null) throw new HttpError(404, 'Not Found');
    return contextOf(this.needs, route, caller, request);
  }

  private factsOf({ method, originalUrl, headers, ip, protocol, host }: FastifyRequest): RequestFacts {
    const outside = this.needs.publicUrl === undefined ? undefined : new URL(this.needs.publicUrl);
    return {
      method,
      path: pathOf(originalUrl),
      query: queryOf(originalUrl),
      host: outside?.host ?? host,
      scheme: outside?.protocol.replace(':', '') ?? protocol,
      remoteAddress: addressOf(ip),
      headers: textsIn(headers),
    };
  }
}

/** Bodies of requests that are refused are read up to here only to find that they are no JSON. */
const READ_IN_VAIN_BYTES_MAX = 64 * 1024;

const textsIn = (members: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(isObject(members) ? members : {}).flatMap(([name, value]) => {
      if (Array.isArray(value)) return [[name, value.join(', ')]];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );

/** Parameters of the query string and of a form: those of the form count. */
const merged = (query: Decoded, form: Decoded): Decoded => ({
  sent: new Map([...query.sent, ...form.sent]),
  encoding: 'text',
});

const refusalOf = (declared: PandaFunction, refused: Refused): Answer =>
  declared.api === 'legacy' ? legacyRefusal(declared, refused) : failure(refused.message);

const failureOf = (declared: PandaFunction, message: string): Answer =>
  declared.api === 'legacy' ? legacyFailure(declared, message) : failure(message);

const encoded = (answer: Envelope | LegacyAnswer, wantsJson: boolean): Answered =>
  'kind' in answer ? legacyAnswer(answer, wantsJson) : asJson(envelopeText(answer));

/** JSON text for clients that speak JSON (contract 1.7). */
const textBody = ({ text }: TextAnswer, request: FastifyRequest, reply: FastifyReply): ResponseBody => {
  const isJson = acceptsJson(request) || mediaTypeOf(request) === JSON_TYPE;
  const { contentType } = isJson ? asJson('') : asText('');
  void reply.header('content-type', contentType);
  // To a string, Fastify would add a charset.
  if (typeof text === 'string') return Buffer.from(isJson ? JSON.stringify(text) : text);
  return Readable.from(isJson ? jsonString(text) : text, { objectMode: false });
};

const rawBody = (
  { status, contentType, contentEncoding, length, content }: RawAnswer,
  reply: FastifyReply,
): ResponseBody => {
  void reply.code(status).headers({
    'content-type': contentType,
    // Nothing on the way may compress it: what has been packed must arrive packed.
    'cache-control': 'no-transform',
    ...(contentEncoding !== undefined && { 'content-encoding': contentEncoding }),
    ...(length !== undefined && { 'content-length': String(length) }),
  });
  return content;
};
