import type { Example, Sender, Targets } from './example.js';
import { EXAMPLES } from './examples.js';
import type { HostileRequest } from './generator.js';
import {
  COMMON_TEXTS,
  GROWING_ELEMENTS,
  GROWING_MEMBERS,
  GROWING_NUMBERS,
  GROWING_TEXTS,
  type Shape,
} from './growing-values.js';
import { nameOf, type Operation, type Schema } from './openapi.js';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type Members = Readonly<Record<string, Json>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

const parsed = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
};

/** The document that a text in a body is. */
const documentIn = (value: Json): Json | undefined =>
  typeof value === 'string' && value.startsWith('{') ? parsed(value) : undefined;

/** A place in a request where a value of any size may stand. */
export interface Place {
  readonly name: string;
  /** Whether its values are texts. Otherwise they are JSON: a number, or what is added to a list or an object. */
  readonly takes: 'text' | 'number' | 'elements' | 'members';
  readonly shapes: readonly Shape[];
  /** Larger values of it only measure that they are refused for their length. */
  readonly charactersMax: number;
}

/** Node.js takes 64 KiB of URL and headers. */
const HEAD_CHARACTERS_MAX = 24 * 1024;
/** So long that parameters of a path fit the routes, escaped as they are. */
const PATH_CHARACTERS_MAX = 170;

const ELEMENTS_SHOWN = 2;

/** Places in a value of a body: in it, and the value itself. */
const placesIn = (value: Json, at: string, turn: number): readonly Place[] => {
  const place = (name: string, takes: Place['takes'], shapes: readonly Shape[]): Place => ({
    ...{ name, takes, shapes },
    charactersMax: Infinity,
  });
  if (isList(value)) {
    const inside = value
      .slice(0, ELEMENTS_SHOWN)
      .flatMap((element, index) => placesIn(element, `${at}[${index}]`, turn));
    const [first = 'x'] = value;
    const text = JSON.stringify(first);
    const more = {
      name: 'more of the same',
      of: (characters: number) =>
        Array.from({ length: Math.max(1, characters / (text.length + 1)) }, () => text).join(','),
      charactersPerValue: (text.length + 1) / text.split(',').length,
    };
    return [...inside, place(`${at}[]`, 'elements', [more, ...GROWING_ELEMENTS])];
  }
  if (isMembers(value)) {
    const inside = Object.entries(value).flatMap(([name, member]) => placesIn(member, `${at}.${name}`, turn));
    return [...inside, place(`${at}{}`, 'members', GROWING_MEMBERS)];
  }
  const document = documentIn(value);
  return [
    ...(document === undefined ? [] : placesIn(document, `${at}:`, turn)),
    place(at, 'text', textsOf(turn)),
    place(`${at} as number`, 'number', GROWING_NUMBERS),
  ];
};

type Values = ReadonlyMap<string, string>;

/** The text of a value of a body, with these values in its places. */
const textWith = (value: Json, at: string, values: Values): string => {
  const text = values.get(at);
  if (text !== undefined) return JSON.stringify(text);
  const number = values.get(`${at} as number`);
  if (number !== undefined) return number;
  if (isList(value)) {
    const elements = value.map((element, index) => textWith(element, `${at}[${index}]`, values));
    return `[${[...elements, ...(values.has(`${at}[]`) ? [values.get(`${at}[]`)] : [])].join(',')}]`;
  }
  if (isMembers(value)) {
    const members = Object.entries(value).map(
      ([name, member]) => `${JSON.stringify(name)}:${textWith(member, `${at}.${name}`, values)}`,
    );
    return `{${[...members, ...(values.has(`${at}{}`) ? [values.get(`${at}{}`)] : [])].join(',')}}`;
  }
  const document = documentIn(value);
  return JSON.stringify(document === undefined ? value : textWith(document, `${at}:`, values));
};

/** Values of the places whose names begin so, by the rest of their names. */
const given = (values: Values, where: string): readonly (readonly [name: string, value: string])[] =>
  [...values]
    .filter(([name]) => name.startsWith(where))
    .map(([name, value]) => [name.slice(where.length), value] as const);

/** An example of a document, with the ids of objects that exist. */
const withTargets = (value: Json, targets: Targets, name = ''): Json => {
  const known = targets[name] ?? [];
  if (isList(value)) {
    return typeof value[0] === 'string' && known.length > 0 ? known : value.map((each) => withTargets(each, targets));
  }
  if (isMembers(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withTargets(member, targets, key)]));
  }
  return typeof value === 'string' ? (known[0] ?? value) : value;
};

/** Headers that Cairn or one of its libraries reads. */
const HEADERS = [
  ...['authorization', 'idempotency-key', 'content-type', 'content-encoding', 'accept', 'accept-encoding', 'cookie'],
  ...['origin', 'host', 'user-agent', 'x-correlation-id', 'x-forwarded-for', 'if-none-match', 'range'],
];
const BEGINNINGS: Readonly<Record<string, string>> = {
  authorization: 'Bearer ',
  cookie: '_session=',
  accept: 'text/html;',
};
const HEADER_TEXTS = GROWING_TEXTS.filter(({ of }) => /^[\x20-\x7e]*$/.test(of(100)));

/** Of what all routes read in the same way, each gets a few: together they get all, many times. */
const SHAPES_IN_TURN = 2;
const HEADERS_IN_TURN = 3;
export const inTurn = <Each>(all: readonly Each[], turn: number, count: number): readonly Each[] =>
  Array.from({ length: count }, (_, index) => all[(turn * count + index) % all.length]).filter(
    (each) => each !== undefined,
  );

const FORM = 'application/x-www-form-urlencoded';

const membersOf = (schema: Schema | undefined): Readonly<Record<string, Schema>> => {
  const properties = schema?.['properties'];
  return isMembers(properties) ? (properties as Readonly<Record<string, Schema>>) : {};
};

/** A quarter of the shapes, and the common ones: the next routes get the others. */
const textsOf = (turn: number): readonly Shape[] =>
  GROWING_TEXTS.filter(({ name }, index) => COMMON_TEXTS.includes(name) || (index + turn) % 4 === 0);

const COMMON = GROWING_TEXTS.filter(({ name }) => COMMON_TEXTS.includes(name));

const shapesOfType = ({ type, enum: words }: Schema, turn: number): readonly Shape[] =>
  (type === undefined || type === 'string') && words === undefined ? textsOf(turn) : COMMON;

/** Valid requests to one route, in whose places values of any size may stand. */
export class RequestTemplate {
  readonly places: readonly Place[];
  private readonly example: Example;
  private readonly body: Json | undefined;

  /** @param turn counts the routes */
  constructor(
    readonly operation: Operation,
    private readonly targets: Targets,
    private readonly turn: number,
  ) {
    this.example = EXAMPLES[nameOf(operation)] ?? {};
    this.body = this.bodyValue();
    this.places = [...this.placesInHead(), ...this.placesInBody()];
  }

  /** @param values by names of {@link places} */
  request(values: Values = new Map()): HostileRequest {
    const { method, route, roles } = this.operation;
    const [role = 'anonymous'] = roles;
    const headers = given(values, 'header ').map(([name, value]) => [name, (BEGINNINGS[name] ?? '') + value]);
    return {
      ...{ method, route },
      path: this.path(values),
      headers: { ...this.example.headers, ...(Object.fromEntries(headers) as Readonly<Record<string, string>>) },
      body: this.bodyText(values),
      sender: this.example.sender ?? (role as Sender),
    };
  }

  private path(values: Values): string {
    const path = this.operation.route.replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(values.get(`path ${name}`) ?? this.targets[this.example.path?.[name] ?? name]?.[0] ?? 'x'),
    );
    const query = new URLSearchParams({
      ...this.example.query,
      ...Object.fromEntries(given(values, 'query ')),
    }).toString();
    // What needs no escape comes as it is, and so do the percent signs of the value.
    return query === '' ? path : `${path}?${query.replace(/%(?:25|2F|7C|3A|2C|40|24|28|29|3B)/g, decodeURIComponent)}`;
  }

  private bodyValue(): Json | undefined {
    const { operation, example, targets } = this;
    if (example.body !== undefined) {
      const text = example.body(targets);
      return this.isForm ? Object.fromEntries(new URLSearchParams(text)) : parsed(text);
    }
    if (operation.body === undefined) return operation.method === 'GET' ? undefined : {};
    return withTargets((operation.bodyExample ?? {}) as Json, targets);
  }

  private get isForm(): boolean {
    return this.example.headers?.['content-type'] === FORM;
  }

  private bodyText(values: Values): string | undefined {
    const added = [...values.keys()].some((name) => name.startsWith('body'));
    if (this.body === undefined && !added) return undefined;
    const further = this.furtherMembers().filter(({ name }) => values.has(name) || values.has(`${name} as number`));
    const body: Json =
      isMembers(this.body) || this.body === undefined
        ? { ...this.body, ...Object.fromEntries(further.map(({ name }) => [name.slice('body.'.length), ''])) }
        : this.body;
    const text = textWith(body, 'body', values);
    if (!this.isForm) return text;
    return new URLSearchParams(JSON.parse(text) as Readonly<Record<string, string>>).toString();
  }

  private placesInHead(): readonly Place[] {
    const {
      operation: { parameters },
      turn,
    } = this;
    const named = (where: string) => parameters.filter((parameter) => parameter.in === where);
    const place = (name: string, shapes: readonly Shape[], charactersMax = HEAD_CHARACTERS_MAX): Place => ({
      ...{ name, takes: 'text', shapes, charactersMax },
    });
    const headers = [
      ...named('header').map(({ name }) => name.toLowerCase()),
      ...inTurn(HEADERS, turn, HEADERS_IN_TURN),
    ];
    return [
      ...named('path').flatMap(({ name }, index) => [
        place(`path ${name}`, inTurn(GROWING_TEXTS, turn + index, SHAPES_IN_TURN)),
        place(`path ${name}`, inTurn(GROWING_TEXTS, turn + index + 1, SHAPES_IN_TURN), PATH_CHARACTERS_MAX),
      ]),
      ...named('query').map(({ name, schema }) => place(`query ${name}`, shapesOfType(schema, turn))),
      place('query another', inTurn(GROWING_TEXTS, turn, SHAPES_IN_TURN)),
      ...[...new Set(headers)].map((name, index) => place(`header ${name}`, inTurn(HEADER_TEXTS, turn + index, 1))),
    ];
  }

  private placesInBody(): readonly Place[] {
    if (this.isForm && isMembers(this.body)) {
      return Object.keys(this.body).map((name) => ({
        ...{ name: `body.${name}`, takes: 'text', shapes: textsOf(this.turn), charactersMax: HEAD_CHARACTERS_MAX },
      }));
    }
    return [...placesIn(this.body ?? {}, 'body', this.turn), ...this.furtherMembers()];
  }

  /** What the schema has besides the example. Dialects may take parameters of the query from the body, too. */
  private furtherMembers(): readonly Place[] {
    const known = isMembers(this.body) ? this.body : {};
    const parameters = this.operation.parameters.filter(({ in: where }) => where === 'query');
    const shapesByName = [
      ...Object.entries(membersOf(this.operation.body)).map(
        ([name, schema]) => [name, shapesOfType(schema, this.turn)] as const,
      ),
      ...parameters.map(({ name }, index) => [name, inTurn(GROWING_TEXTS, this.turn + index, SHAPES_IN_TURN)] as const),
    ];
    return shapesByName
      .filter(([name]) => !Object.hasOwn(known, name))
      .map(([name, shapes]) => ({ name: `body.${name}`, takes: 'text', shapes, charactersMax: Infinity }));
  }
}
