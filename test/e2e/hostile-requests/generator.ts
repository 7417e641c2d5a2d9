import fc from 'fast-check';
import type { Example, Sender, Targets } from './example.js';
import { EXAMPLES } from './examples.js';
import { anyLiteral, BAD_ESCAPES, brokenBody, HOSTILE_NUMBERS, hostileText, QUERY_NOISE } from './hostile-values.js';
import { nameOf, type Operation, type Parameter, type Schema } from './openapi.js';

export interface HostileRequest {
  readonly method: string;
  readonly path: string;
  /** Path template of the targeted route. */
  readonly route: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
  /** Who sends it. */
  readonly sender: Sender;
}

const textLiteral = (text: string): string => JSON.stringify(text);

const asSchema = (value: unknown): Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : {};

const memberLiteral = (name: string, value: string): string => `${JSON.stringify(name)}:${value}`;

const NOTHING = fc.constant('');

/** Limits the units that one request creates: creating a million in bulk is valid input. */
const COUNT_MAX = 20;
const COUNTS = /^(count|num|num_tasks|jobs_submitted|tasks_per_job)$/;

class Generator {
  constructor(private readonly targets: Targets) {}

  /** A request that is valid according to the OpenAPI document and {@link EXAMPLES}. */
  validRequestTo(operation: Operation): fc.Arbitrary<HostileRequest> {
    const example = EXAMPLES[nameOf(operation)] ?? {};
    const [role = 'anonymous'] = operation.roles;
    return fc
      .record({
        path: this.pathTo(operation, (name) => this.targetOf(example.path?.[name] ?? name).map(encode)),
        query: example.query === undefined ? NOTHING : fc.constant(new URLSearchParams(example.query).toString()),
        body: this.validBodyOf(operation, example),
      })
      .map(({ path, query, body }) => ({
        method: operation.method,
        route: operation.route,
        path: query === '' ? path : `${path}?${query}`,
        body,
        headers: example.headers ?? {},
        sender: example.sender ?? (role as Sender),
      }));
  }

  requestTo(operation: Operation): fc.Arbitrary<HostileRequest> {
    return fc
      .record({
        path: this.pathTo(operation, (name) =>
          fc.oneof(
            { weight: 4, arbitrary: this.targetOf(name).map(encode) },
            { weight: 1, arbitrary: hostileText.map(encode) },
            { weight: 1, arbitrary: fc.constantFrom(...BAD_ESCAPES) },
          ),
        ),
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
    return known.length === 0 ? hostileText : fc.constantFrom(...known);
  }

  private pathTo({ route }: Operation, valueOf: (name: string) => fc.Arbitrary<string>): fc.Arbitrary<string> {
    const segments = route.split(/(\{\w+\})/).map((segment) => {
      const name = /^\{(\w+)\}$/.exec(segment)?.[1];
      return name === undefined ? fc.constant(segment) : valueOf(name);
    });
    return fc.tuple(...segments).map((parts) => parts.join(''));
  }

  private queryOf({ parameters }: Operation): fc.Arbitrary<string> {
    const known = parameters.filter((parameter) => parameter.in === 'query');
    const one = (parameter: Parameter): fc.Arbitrary<string> =>
      fc
        .oneof(
          { weight: 2, arbitrary: hostileText.map(encode) },
          { weight: 1, arbitrary: fc.constantFrom(...HOSTILE_NUMBERS) },
          { weight: 1, arbitrary: this.valid(parameter.name, parameter.schema).map(unquoted).map(encode) },
          { weight: 1, arbitrary: fc.constantFrom(...BAD_ESCAPES, 'a|b||c', '[$ne]=1') },
        )
        .map((value) => `${parameter.name}=${value}`);
    const given =
      known.length === 0 ? fc.constant<string[]>([]) : fc.array(fc.oneof(...known.map(one)), { maxLength: 3 });
    const noise = fc.oneof(
      { weight: 4, arbitrary: NOTHING },
      { weight: 1, arbitrary: fc.constantFrom(...QUERY_NOISE) },
    );
    return fc.tuple(given, noise).map(([values, more]) => [...values, more].filter((value) => value !== '').join('&'));
  }

  private validBodyOf({ method, body }: Operation, example: Example): fc.Arbitrary<string | undefined> {
    if (example.body !== undefined) return fc.constant(example.body(this.targets));
    if (body === undefined) return fc.constant(method === 'GET' ? undefined : '{}');
    return this.object(body, 0, false);
  }

  private bodyOf({ method, body }: Operation): fc.Arbitrary<string | Buffer | undefined> {
    const none = fc.constant(undefined);
    if (body === undefined) {
      return method === 'GET'
        ? fc.oneof({ weight: 8, arbitrary: none }, { weight: 2, arbitrary: fc.oneof(brokenBody, anyLiteral) })
        : fc.oneof(none, fc.constant('{}'), brokenBody, this.object({}, 0.2));
    }
    return fc.oneof(
      { weight: 6, arbitrary: this.object(body, 0.35) },
      { weight: 2, arbitrary: this.object(body, 0.05) },
      { weight: 2, arbitrary: brokenBody },
      { weight: 1, arbitrary: anyLiteral },
      { weight: 1, arbitrary: none },
    );
  }

  /** An object of this schema. Each member is wrong or missing with this probability; unknown members may be added. */
  private object(schema: Schema, wrong: number, strangers = true): fc.Arbitrary<string> {
    const required = new Set(Array.isArray(schema['required']) ? (schema['required'] as readonly string[]) : []);
    const wrongInHundred = Math.round(wrong * 100);
    const properties = Object.entries(asSchema(schema['properties']));
    const members = properties.map(([name, member]) => {
      const good = this.valid(name, asSchema(member)).map((value) => memberLiteral(name, value));
      const bad = anyLiteral.map((value) => memberLiteral(name, value));
      return fc.oneof(
        { weight: 100 - wrongInHundred, arbitrary: required.has(name) ? good : fc.oneof(good, NOTHING) },
        {
          weight: wrongInHundred,
          arbitrary: fc.oneof({ weight: 3, arbitrary: bad }, { weight: 1, arbitrary: NOTHING }),
        },
      );
    });
    if (!strangers) return fc.tuple(...members).map(objectOf);
    const unknown = fc.tuple(hostileText, anyLiteral).map(([name, value]) => memberLiteral(name, value));
    // A duplicate member: all readers must agree on which one counts.
    const again =
      properties.length === 0
        ? NOTHING
        : fc
            .tuple(fc.constantFrom(...properties.map(([name]) => name)), anyLiteral)
            .map(([name, value]) => memberLiteral(name, value));
    const extra = fc.oneof(
      { weight: 8, arbitrary: NOTHING },
      { weight: 1, arbitrary: unknown },
      { weight: 1, arbitrary: again },
    );
    return fc.tuple(...members, extra).map(objectOf);
  }

  /** JSON text that roughly fits the schema, to reach the checks of the services. */
  private valid(name: string, schema: Schema): fc.Arbitrary<string> {
    if (COUNTS.test(name)) return fc.integer({ min: -1, max: COUNT_MAX }).map(String);
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

const objectOf = (members: readonly string[]): string => `{${members.filter((member) => member !== '').join(',')}}`;

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
      { 'content-type': 'application/json; charset=utf-16' },
      { 'content-type': ';' },
      { 'content-encoding': 'gzip' },
      { 'idempotency-key': 'the same for everybody' },
      { 'idempotency-key': 'k'.repeat(2000) },
      { accept: 'image/png', 'accept-encoding': 'x' },
      { origin: 'null', 'x-forwarded-for': '::::', 'x-forwarded-proto': 'gopher' },
      { range: 'bytes=9-1', 'if-none-match': '*' },
      { 'x-http-method-override': 'DELETE', 'x-correlation-id': 'x'.repeat(1000) },
      { cookie: '__proto__=1; =; a' },
    ),
  },
);

const SENDERS: fc.Arbitrary<Sender> = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom<Sender>('admin', 'system') },
  { weight: 3, arbitrary: fc.constantFrom<Sender>('user', 'pilot', 'visitor') },
  { weight: 1, arbitrary: fc.constantFrom<Sender>('nobody', 'anonymous', 'forger') },
);

interface GeneratorOptions {
  /** Rounds over all routes: objects that one route creates are used by all others. */
  readonly rounds: number;
  /** The same seed gives the same requests. */
  readonly seed: number;
  /** How many rounds, from the first one on, send valid requests. */
  readonly validRounds?: number;
}

/** One request to each route in every round. */
export const hostileRequests = (
  operations: readonly Operation[],
  targets: Targets,
  { rounds, seed, validRounds = 0 }: GeneratorOptions,
): readonly HostileRequest[] => {
  const generator = new Generator(targets);
  const perRoute = operations.map((operation, place) => [
    ...fc
      .sample(generator.validRequestTo(operation), { numRuns: Math.max(validRounds, 1), seed: seed + place })
      .slice(0, validRounds),
    ...fc.sample(generator.requestTo(operation), { numRuns: Math.max(rounds - validRounds, 1), seed: seed + place }),
  ]);
  return Array.from({ length: rounds }, (_, round) =>
    perRoute.flatMap((requests) => requests.slice(round, round + 1)),
  ).flat();
};
