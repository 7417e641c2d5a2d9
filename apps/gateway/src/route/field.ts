import { invalid, type RequestSource } from './request-source.js';

/** A part of the OpenAPI document. */
export type Schema = Readonly<Record<string, unknown>>;

/**
 * One value that a route takes: where it is, what it must be, and the error when it is not. Validators and the OpenAPI
 * document are both made from this. `Presence` is `always` for values that reading never leaves out.
 */
export interface Field<Value = unknown, Presence extends 'always' | 'maybe' = 'always' | 'maybe'> {
  readonly from: 'path' | 'query' | 'body' | 'whole body' | 'constant';
  /** Name on the wire where it differs from the name in the request message. */
  readonly name?: string;
  /** A request without it is rejected. */
  readonly required: boolean;
  readonly schema: Schema;
  readonly description?: string;
  /**
   * A document of users, in which `NaN` and the infinities of Python's `json` count as `null`; of the whole body, the members that
   * hold such documents may be named.
   */
  readonly freeForm?: true | readonly string[];
  /** @throws DomainError kind `invalid` */
  readonly read: (source: RequestSource, name: string) => Value | undefined;
  /** Never set: carries a type. */
  readonly presence?: Presence;
}

export type Fields = Readonly<Record<string, Field>>;

type ValueOf<F> = F extends Field<infer Value> ? Value : never;

/** What a table of fields reads out of a request. */
export type Values<F extends Fields> = {
  readonly [Name in keyof F as F[Name] extends Field<unknown, 'always'> ? Name : never]: ValueOf<F[Name]>;
} & {
  readonly [Name in keyof F as F[Name] extends Field<unknown, 'always'> ? never : Name]?: ValueOf<F[Name]>;
};

/** What holds for the body as a whole. */
export interface BodyRules {
  /** Error text when the body has a member that is not a field. */
  readonly unknownKeys?: string;
  /** Error text when the body has no members. */
  readonly empty?: string;
}

/** What holds for the request as a whole. */
export interface RequestRules {
  readonly body?: BodyRules;
  /** A query parameter that is no field is refused: left aside, a misspelt filter would answer everything. */
  readonly isStrict?: true;
}

const freeFormMembers = (fields: Fields, bodyNames: ReadonlySet<string>): ((member: string) => boolean) => {
  const named = new Set<string>();
  let others = false;
  for (const [key, { name = key, from, freeForm }] of Object.entries(fields)) {
    if (freeForm === undefined) continue;
    if (freeForm !== true) for (const member of freeForm) named.add(member);
    else if (from === 'whole body') others = true;
    else named.add(name);
  }
  return (member) => named.has(member) || (others && !bodyNames.has(member));
};

/**
 * Compiles a table into the function that reads requests. Required members of the body are checked first, in the order
 * of the table, then the optional ones, then unknown ones of body and query.
 */
export const compile = <F extends Fields>(
  fields: F,
  { body: { unknownKeys, empty } = {}, isStrict }: RequestRules = {},
): ((source: RequestSource) => Values<F>) => {
  const steps = Object.entries(fields)
    .map(([key, { name = key, read, required, from }]) => ({ key, name, read, required, from }))
    .sort((one, other) => Number(other.required) - Number(one.required));
  const bodyNames = new Set(steps.filter(({ from }) => from === 'body').map(({ name }) => name));
  const queryNames = new Set(steps.filter(({ from }) => from === 'query').map(({ name }) => name));
  const isFreeForm = freeFormMembers(fields, bodyNames);
  return (source) => {
    source.allowNonFinite(isFreeForm);
    if (empty !== undefined && Object.keys(source.object).length === 0) throw invalid(empty);
    const values: Record<string, unknown> = {};
    for (const { key, name, read } of steps) {
      const value = read(source, name);
      if (value !== undefined) values[key] = value;
    }
    if (unknownKeys !== undefined && Object.keys(source.object).some((name) => !bodyNames.has(name))) {
      throw invalid(unknownKeys);
    }
    const unknown = isStrict && source.queryNames.find((name) => !queryNames.has(name));
    if (typeof unknown === 'string') {
      throw invalid(`${unknown} must be left out: parameters are ${[...queryNames].join(', ')}`);
    }
    // Each field's type says what its `read` returns; the compiler cannot follow that through the loop.
    return values as Values<F>;
  };
};
