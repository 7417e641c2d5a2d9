import fc from 'fast-check';

export interface HostileRequest {
  readonly method: string;
  readonly path: string;
  /** Path template of the route that it aims at. */
  readonly route: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Who sends it. */
  readonly sender: Sender;
}

export type Sender = 'admin' | 'system' | 'pilot' | 'user' | 'nobody' | 'anonymous' | 'forger';

type Schema = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema: Schema;
}

/** One route as the served OpenAPI document describes it. */
export interface Operation {
  readonly method: string;
  readonly route: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
}

interface OpenApi {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly parameters?: readonly Parameter[];
            readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
          }
        >
      >
    >
  >;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const SCHEMA_REF = '#/components/schemas/';

export const operationsOf = (document: OpenApi): readonly Operation[] => {
  const resolved = (schema: Schema | undefined): Schema | undefined => {
    const target = schema?.['$ref'];
    return typeof target === 'string' ? document.components.schemas[target.slice(SCHEMA_REF.length)] : schema;
  };
  return Object.entries(document.paths).flatMap(([route, verbs]) =>
    Object.entries(verbs).map(([verb, { parameters = [], requestBody }]) => ({
      method: verb.toUpperCase(),
      route,
      parameters,
      body: resolved(Object.values(requestBody?.content ?? {})[0]?.schema),
    })),
  );
};

/** Things that exist, by the name of the parameter or member that takes them: hostile requests aim at them too. */
export type Targets = Readonly<Record<string, readonly string[]>>;

/** Texts that have broken servers before. */
const NASTY_TEXTS = [
  '',
  ' ',
  '.',
  '..',
  '../../etc/passwd',
  '%00',
  '\u0000',
  '\r\nSet-Cookie: a=b',
  '__proto__',
  'constructor',
  'toString',
  '$where',
  'a.b.c',
  '.a',
  'a.',
  '|',
  '-1',
  '0',
  '1e400',
  '9007199254740993',
  'NaN',
  'true',
  'null',
  '[]',
  '{}',
  '😀',
  '\uD800',
  '\uFEFF',
  "'; DROP TABLE unit; --",
  '%',
  '*',
  '?',
  'x'.repeat(2000),
  '/',
  'a/b',
  '2026-01-01T00:00:00.000000',
  '2026-01-01T00:00:00Z',
] as const;

const nastyText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...NASTY_TEXTS),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

/** Numbers as they are written, for JSON holds some that JavaScript does not. */
const NASTY_NUMBERS = [
  '0',
  '-0',
  '-1',
  '1',
  '1.0',
  '1.5',
  '1e308',
  '1e400',
  '-1e400',
  '5e-324',
  '9007199254740993',
  '123456789012345678901234567890',
  '2147483648',
  '-2147483649',
] as const;

const textLiteral = (text: string): string => JSON.stringify(text);

const anyLiteral: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('null', 'true', 'false', '[]', '{}', '[null]', '[[]]', '[{}]', '{"$gt":""}', '{"__proto__":{"a":1}}'),
  fc.constantFrom(...NASTY_NUMBERS),
  nastyText.map(textLiteral),
  fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
  fc.constantFrom(`${'['.repeat(2000)}${']'.repeat(2000)}`, `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`),
);

const asSchema = (value: unknown): Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : {};

const memberLiteral = (name: string, value: string): string => `${JSON.stringify(name)}:${value}`;

/** Not more than this many units may come of one request: bulk creation of a million is no bad input. */
const COUNT_MAX = 20;

class Generator {
  constructor(private readonly targets: Targets) {}

  requestTo(operation: Operation): fc.Arbitrary<HostileRequest> {
    return fc
      .record({
        path: this.pathTo(operation),
        query: this.queryOf(operation),
        body: this.bodyOf(operation),
        headers: HEADERS,
        sender: SENDERS,
      })
      .map(({ path, query, body, headers, sender }) => ({
        method: operation.method,
        route: operation.route,
        path: query === '' ? path : `${path}?${query}`,
        body,
        headers,
        sender,
      }));
  }

  private targetOf(name: string): fc.Arbitrary<string> {
    const known = this.targets[name] ?? [];
    return known.length === 0 ? nastyText : fc.constantFrom(...known);
  }

  private pathTo({ route }: Operation): fc.Arbitrary<string> {
    const pieces = route.split(/(\{\w+\})/).map((piece) => {
      const name = /^\{(\w+)\}$/.exec(piece)?.[1];
      if (name === undefined) return fc.constant(piece);
      return fc.oneof(
        { weight: 4, arbitrary: this.targetOf(name).map(encode) },
        { weight: 1, arbitrary: nastyText.map(encode) },
        { weight: 1, arbitrary: fc.constantFrom('%', '%zz', '%F0%28', '%2F', '%00', 'a%20b', '%2e%2e') },
      );
    });
    return fc.tuple(...pieces).map((parts) => parts.join(''));
  }

  private queryOf({ parameters }: Operation): fc.Arbitrary<string> {
    const known = parameters.filter((parameter) => parameter.in === 'query');
    const one = (parameter: Parameter): fc.Arbitrary<string> =>
      fc
        .oneof(
          { weight: 2, arbitrary: nastyText.map(encode) },
          { weight: 1, arbitrary: fc.constantFrom(...NASTY_NUMBERS) },
          { weight: 1, arbitrary: this.valid(parameter.name, parameter.schema).map(unquoted).map(encode) },
          { weight: 1, arbitrary: fc.constantFrom('%', '%zz', '%00', '%F0%28', 'a|b||c', '[$ne]=1') },
        )
        .map((value) => `${parameter.name}=${value}`);
    const given =
      known.length === 0 ? fc.constant<string[]>([]) : fc.array(fc.oneof(...known.map(one)), { maxLength: 3 });
    return fc
      .tuple(given, fc.constantFrom('', '', '', '&&==&', 'x=%', '%', 'keys[]=a&keys[]=b'))
      .map(([values, noise]) => [...values, noise].filter((value) => value !== '').join('&'));
  }

  private bodyOf({ method, body }: Operation): fc.Arbitrary<string | undefined> {
    const broken = fc.oneof(
      fc.constantFrom('', '{', 'null', '[]', '"x"', '7', '{"a":1}{"b":2}', '\uFEFF{}', '{"a":"\\ud800"}', '{"a":01}'),
      fc.constantFrom('['.repeat(3000), '{"__proto__":{"status":"complete"}}', '{"status":"a","status":"b"}'),
      nastyText,
    );
    const none = fc.constant(undefined);
    if (body === undefined) {
      return method === 'GET'
        ? fc.oneof({ weight: 8, arbitrary: none }, { weight: 2, arbitrary: fc.oneof(broken, anyLiteral) })
        : fc.oneof(none, fc.constant('{}'), broken, this.object({}, 0.2));
    }
    return fc.oneof(
      { weight: 6, arbitrary: this.object(body, 0.35) },
      { weight: 2, arbitrary: this.object(body, 0.05) },
      { weight: 2, arbitrary: broken },
      { weight: 1, arbitrary: anyLiteral },
      { weight: 1, arbitrary: none },
    );
  }

  /** An object of this schema whose members are wrong or missing with this probability each. */
  private object(schema: Schema, wrong: number): fc.Arbitrary<string> {
    const required = new Set(Array.isArray(schema['required']) ? (schema['required'] as readonly string[]) : []);
    const wrongInHundred = Math.round(wrong * 100);
    const members = Object.entries(asSchema(schema['properties'])).map(([name, member]) => {
      const good = this.valid(name, asSchema(member)).map((value) => memberLiteral(name, value));
      const bad = anyLiteral.map((value) => memberLiteral(name, value));
      const missing = fc.constant('');
      return fc.oneof(
        { weight: 100 - wrongInHundred, arbitrary: required.has(name) ? good : fc.oneof(good, missing) },
        {
          weight: wrongInHundred,
          arbitrary: fc.oneof({ weight: 3, arbitrary: bad }, { weight: 1, arbitrary: missing }),
        },
      );
    });
    const unknown = fc.tuple(nastyText, anyLiteral).map(([name, value]) => memberLiteral(name, value));
    const extra = fc.oneof({ weight: 8, arbitrary: fc.constant('') }, { weight: 1, arbitrary: unknown });
    return fc.tuple(...members, extra).map((parts) => `{${parts.filter((part) => part !== '').join(',')}}`);
  }

  /** JSON text that the schema allows, more or less: what only the service knows to be wrong has to be tried as well. */
  private valid(name: string, schema: Schema): fc.Arbitrary<string> {
    if (/^(count|num|num_tasks|jobs_submitted|tasks_per_job)$/.test(name)) {
      return fc.integer({ min: -1, max: COUNT_MAX }).map(String);
    }
    const words = schema['enum'];
    if (Array.isArray(words) && words.length > 0) return fc.constantFrom(...words.map((word) => JSON.stringify(word)));
    const [alternative] = Array.isArray(schema['oneOf']) ? (schema['oneOf'] as readonly Schema[]) : [];
    if (alternative !== undefined) return this.valid(name, alternative);
    switch (schema['type']) {
      case 'integer':
        return fc.constantFrom('0', '1', '2', '1000', '-1');
      case 'number':
        return fc.constantFrom('0', '0.5', '1.0', '1e3', '-2.25');
      case 'boolean':
        return fc.constantFrom('true', 'false');
      case 'array':
        return fc
          .array(this.valid(name, asSchema(schema['items'])), {
            minLength: typeof schema['minItems'] === 'number' ? schema['minItems'] : 0,
            maxLength: 3,
          })
          .map((items) => `[${items.join(',')}]`);
      case 'object': {
        const properties = asSchema(schema['properties']);
        return Object.keys(properties).length > 0
          ? this.object(schema, 0.1)
          : fc
              .dictionary(fc.string({ maxLength: 6 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 })
              .map((value) => JSON.stringify(value));
      }
      default:
        return fc.oneof(this.targetOf(name), fc.string({ maxLength: 10 })).map(textLiteral);
    }
  }
}

const encode = (text: string): string => encodeURIComponent(text.toWellFormed());

const unquoted = (literal: string): string => {
  const value: unknown = JSON.parse(literal);
  return typeof value === 'string' ? value : literal;
};

const NO_HEADERS: Readonly<Record<string, string>> = {};

const HEADERS = fc.oneof(
  { weight: 12, arbitrary: fc.constant(NO_HEADERS) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Readonly<Record<string, string>>>(
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'multipart/form-data' },
      { 'content-type': ';' },
      { 'idempotency-key': 'the same for everybody' },
      { 'idempotency-key': 'k'.repeat(2000) },
      { accept: 'image/png', 'accept-encoding': 'x' },
      { origin: 'null', 'x-forwarded-for': '::::' },
      { range: 'bytes=9-1', 'if-none-match': '*' },
    ),
  },
);

const SENDERS: fc.Arbitrary<Sender> = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom<Sender>('admin', 'system') },
  { weight: 3, arbitrary: fc.constantFrom<Sender>('user', 'pilot') },
  { weight: 1, arbitrary: fc.constantFrom<Sender>('nobody', 'anonymous', 'forger') },
);

/** So many requests, the same for the same seed; each route gets its share. */
export const hostileRequests = (
  operations: readonly Operation[],
  targets: Targets,
  { count, seed }: { readonly count: number; readonly seed: number },
): readonly HostileRequest[] => {
  const generator = new Generator(targets);
  const share = Math.ceil(count / operations.length);
  const perRoute = operations.map((operation, place) =>
    fc.sample(generator.requestTo(operation), { numRuns: share, seed: seed + place }),
  );
  // Round robin: what one route leaves behind meets all others.
  return Array.from({ length: share }, (_, round) => perRoute.flatMap((requests) => requests.slice(round, round + 1)))
    .flat()
    .slice(0, count);
};
