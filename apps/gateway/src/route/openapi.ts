import { CAIRN_VERSION } from '#platform/version.js';
import { bodyLimitsOf } from '../body/body-limits.js';
import { exampleOf } from './example.js';
import type { Field, Schema } from './field.js';
import type { Dialect } from '../dialect.js';
import type { DialectTable } from '../edge/dialect-table.js';
import type { AnyRoute, LeaseScope, Policy } from './route.js';

/** A parameter may have a pattern. */
const PATH_PARAMETER = /[:*](\w+)(?:\([^)]*\))?/g;

interface Content {
  readonly schema: Schema;
  readonly example: unknown;
}

type Contents = Readonly<Record<string, Content>>;

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: Schema;
  readonly description?: string;
  readonly example?: unknown;
}

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  /** Empty where no token is needed. */
  readonly security?: readonly [];
  /** Types of the events that it records. OpenAPI has no name for that. */
  readonly 'x-records'?: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly description: string; readonly required: boolean; readonly content: Contents };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content: Contents; readonly headers?: Schema }>
  >;
}

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: Readonly<Record<'title' | 'version' | 'description', string>> & { readonly license: Schema };
  readonly security: readonly Schema[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes: Schema; readonly schemas: Readonly<Record<string, Schema>> };
}

/** The path as OpenAPI writes it. */
export const templateOf = (path: string): string => path.replace(PATH_PARAMETER, '{$1}');

const mediaTypeOf = (contentType: string): string => contentType.split(';')[0] ?? contentType;

type Named = readonly (readonly [name: string, field: Field])[];

const fieldsOf = ({ fields }: AnyRoute, from: Field['from']): Named =>
  Object.entries(fields)
    .filter(([, field]) => field.from === from)
    .map(([key, field]) => [field.name ?? key, field]);

/** Accepted wherever something changes. */
const IDEMPOTENCY_KEY: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  schema: { type: 'string', maxLength: 255, pattern: '^[!-~]+$' },
  description: 'A repeat with the same key is not carried out again and gets the first answer, for a day',
};

const parametersOf = (route: AnyRoute, source: ExampleSource): readonly Parameter[] => [
  ...(['path', 'query'] as const).flatMap((from) =>
    fieldsOf(route, from).map(([name, { schema, description, required }]) => ({
      name,
      in: from,
      required,
      schema,
      ...(description !== undefined && { description }),
      ...((required || Object.hasOwn(source.values, name)) && { example: exampleOf(schema, source, name) }),
    })),
  ),
  ...(route.method === 'GET' ? [] : [IDEMPOTENCY_KEY]),
];

/** Schemas and values that examples are made of. */
type ExampleSource = Parameters<typeof exampleOf>[1];

/** Name of the schema of a route's body. */
const bodyNameOf = ({ name }: AnyRoute): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}Body`;

const bodyOf = (route: AnyRoute): Schema | undefined => {
  const [whole] = fieldsOf(route, 'whole body');
  if (whole !== undefined) return whole[1].schema;
  const members = fieldsOf(route, 'body');
  if (members.length === 0) return undefined;
  const required = members.filter(([, field]) => field.required).map(([name]) => name);
  return {
    type: 'object',
    ...(required.length > 0 && { required }),
    ...(route.body?.unknownKeys !== undefined && { additionalProperties: false }),
    properties: Object.fromEntries(
      members.map(([name, { schema, description }]) => [
        name,
        { ...schema, ...(description !== undefined && { description }) },
      ]),
    ),
  };
};

/** What workers need, in words. */
const leaseText = (lease: LeaseScope, workload: string): string =>
  ({
    claim: 'Workers: for themselves',
    unit: 'Workers: only what they hold the lease of',
    worker: 'Workers: only their own registration',
    workload: `Workers: only a ${workload} of which they hold a lease`,
  })[lease];

const accessText = (policy: Policy, { workloadAccess }: Dialect): string => {
  if (policy === 'public') return 'Needs no token.';
  const roles = policy.anyToken === true ? 'Any valid token.' : `Roles: ${policy.roles.join(', ')}.`;
  const rule =
    policy.rule === undefined
      ? ''
      : ` Users need the ${policy.rule} rule of the ${workloadAccess?.word ?? 'workload'}.`;
  const own = policy.own === undefined ? '' : ` Users: ${policy.own.words}.`;
  const word = workloadAccess?.word ?? 'workload';
  const lease = policy.lease === undefined ? '' : ` ${leaseText(policy.lease, word)}.`;
  return roles + rule + own + lease + (policy.note === undefined ? '' : ` ${policy.note}.`);
};

type Response = Operation['responses'][string];

const errorOf = (
  { path }: AnyRoute,
  { errorResponse, openApi }: Dialect,
  status: number,
  description: string,
): Response => {
  const [message = description] = description.split('; ');
  const { contentType, body } = errorResponse({ kind: 'invalid', code: 'request.invalid', message, status }, path);
  const mediaType = mediaTypeOf(contentType);
  return {
    description,
    content: {
      [mediaType]: {
        schema: { $ref: `#/components/schemas/${openApi.errorSchema}` },
        example: mediaType.endsWith('json') ? (JSON.parse(body) as unknown) : body,
      },
    },
  };
};

/** Statuses of failed authentication and authorization, which some dialects do not tell apart. */
const accessErrors = ({ errorResponse }: Dialect): Readonly<Record<string, string>> => {
  const texts: Record<string, string> = {};
  for (const [kind, text] of [
    ['unauthenticated', 'authentication failed'],
    ['forbidden', 'authorization failed'],
  ] as const) {
    const { status } = errorResponse({ kind, code: '', message: '' }, '/');
    texts[status] = texts[status] === undefined ? text : `${texts[status]}; ${text}`;
  }
  return texts;
};

/** Statuses that policy and fields lead to, with their texts. */
const commonErrors = (route: AnyRoute, dialect: Dialect): Readonly<Record<string, string>> => {
  const texts: Record<string, string> = { 405: 'the path does not know this verb' };
  if (route.policy !== 'public') {
    Object.assign(texts, accessErrors(dialect));
    texts[503] = 'a service does not answer in time; try again after Retry-After';
    if (route.method !== 'GET') {
      texts[400] = 'Idempotency-Key is not as it must be';
      texts[409] = 'Idempotency-Key was used for another request';
    }
  }
  if (Object.values(route.fields).some(({ from }) => from === 'query' || from === 'body' || from === 'whole body')) {
    texts[400] = 'a parameter or the body is not as the route asks for';
  }
  if (bodyOf(route) !== undefined) {
    texts[413] = 'the body is too large';
    texts[415] = 'Content-Encoding is not known';
  }
  return texts;
};

const errorsOf = (route: AnyRoute, dialect: Dialect): Operation['responses'] => {
  const texts: Record<string, string> = { ...(dialect.openApi.errors ?? commonErrors(route, dialect)) };
  for (const [status, text] of Object.entries(route.errors ?? {})) {
    texts[status] = texts[status] === undefined ? text : `${texts[status]}; ${text}`;
  }
  return Object.fromEntries(
    Object.entries(texts).map(([status, text]) => [status, errorOf(route, dialect, Number(status), text)]),
  );
};

const KIB = 1024;
const MIB = 1024 * KIB;

const sizeText = (bytes: number): string => (bytes < MIB ? `${bytes / KIB} KiB` : `${bytes / MIB} MiB`);

const bodyLimitsText = (route: AnyRoute, dialect: Dialect): string => {
  const { bytesMax, valuesMax, namesMax, levelsMax } = bodyLimitsOf(route, dialect);
  const [values, names] = [valuesMax, namesMax].map((count) => count.toLocaleString('en'));
  return `At most ${sizeText(bytesMax)}, ${values} JSON values, ${names} names of members, and ${levelsMax} levels of nested lists and objects.`;
};

const operationOf = (route: AnyRoute, dialect: Dialect, schemas: Readonly<Record<string, Schema>>): Operation => {
  const body = bodyOf(route);
  const { requests, responses, values } = dialect.openApi.examples;
  const source = { schemas, values };
  const request = route.examples?.request ?? requests[route.name] ?? (body && exampleOf(body, source, undefined, true));
  const response = route.examples?.response ?? responses[route.name] ?? exampleOf(route.response, source);
  return {
    operationId: route.name,
    tags: [route.tag],
    summary: route.summary,
    description: accessText(route.policy, dialect),
    ...(route.policy === 'public' && { security: [] }),
    parameters: parametersOf(route, source),
    ...(route.records !== undefined && route.records.length > 0 && { 'x-records': route.records }),
    ...(body !== undefined && {
      requestBody: {
        description: bodyLimitsText(route, dialect),
        // A missing body is the empty object.
        required: Object.values(route.fields).some(({ from, required }) => required && from.endsWith('body')),
        content: {
          [route.bodyType ?? 'application/json']: {
            schema: { $ref: `#/components/schemas/${bodyNameOf(route)}` },
            example: request,
          },
        },
      },
    }),
    responses: {
      [route.status ?? 200]: {
        description: 'Success',
        content: {
          [mediaTypeOf(route.contentType ?? 'application/json')]: { schema: route.response, example: response },
        },
        ...(route.headers !== undefined && { headers: route.headers }),
      },
      ...errorsOf(route, dialect),
    },
  };
};

const DESCRIPTION = [
  'Workload manager for high-throughput science computing; speaks the REST APIs of IceProd and Torc.',
  'HEAD works wherever GET does, but for the API of Torc.',
  'Bodies of requests may be compressed (Content-Encoding: gzip, deflate or br); limits hold for the decoded body.',
  'A body that arrives too slowly ends with 408. Too many large requests at a time, or too many connections, are answered with 429 or 503 and Retry-After.',
  'Long responses are compressed where the client accepts it.',
].join(' ');

/** The OpenAPI document of all declared routes. */
export const openApiDocument = (dialects: DialectTable): OpenApiDocument => {
  const paths: Record<string, Record<string, Operation>> = {};
  const bodies: Record<string, Schema> = {};
  const schemas = Object.fromEntries(dialects.dialects.flatMap(({ openApi }) => Object.entries(openApi.schemas)));
  for (const route of dialects.routes.filter(({ undocumented }) => undocumented !== true)) {
    (paths[templateOf(route.path)] ??= {})[route.method.toLowerCase()] = operationOf(
      route,
      dialects.of(route),
      schemas,
    );
    const body = bodyOf(route);
    if (body !== undefined) bodies[bodyNameOf(route)] = body;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Cairn',
      version: CAIRN_VERSION,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: {
        ...schemas,
        ...bodies,
      },
    },
  };
};
