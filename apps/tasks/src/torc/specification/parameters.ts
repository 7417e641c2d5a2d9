import { DomainError } from '#platform/domain-error.js';
import { kindOf, membersOf, objectText } from '#contracts/raw-json.js';
import { badRequest } from '#contracts/torc/refusals.js';
import { PARAMETER_FIELDS } from '#contracts/torc/specification.js';
import { EXPANDED_MAX, formatted, type ParameterValue, parameterValues } from './parameter-values.js';

/** The text of a specification may not become longer. */
const EXPANDED_CHARACTERS_MAX = 128 * 1024 * 1024;

/** In JSON, a brace that a name follows can only be in a string. */
const TEMPLATE = /\{([A-Za-z_]\w*)(?::([^{}"\\]{0,16}))?\}/g;

/** Today's Torc calls the product `cartesian`. */
const MODES: ReadonlySet<string> = new Set(['"product"', '"cartesian"', '"zip"']);

type Values = readonly (readonly [name: string, values: readonly ParameterValue[]])[];

const valuesIn = (raw: string): Map<string, readonly ParameterValue[]> | DomainError => {
  if (kindOf(raw) !== 'object') return badRequest('parameters must be an object');
  const all = new Map<string, readonly ParameterValue[]>();
  for (const [name, value] of membersOf(raw)) {
    if (!/^[A-Za-z_]\w*$/.test(name))
      return badRequest(`${JSON.stringify(name.slice(0, 100))} is no name of a parameter`);
    const values = parameterValues(JSON.parse(value));
    if (values instanceof DomainError) return badRequest(`parameter ${name}: ${values.message}`);
    all.set(name, values);
  }
  return all;
};

/** How many elements one becomes; refused when its lists do not fit together. */
const countOf = (values: Values, isZip: boolean): number | DomainError => {
  const lengths = values.map(([, list]) => list.length);
  if (!isZip) return lengths.reduce((product, length) => product * length, 1);
  return lengths.every((length) => length === lengths[0])
    ? (lengths[0] ?? 1)
    : badRequest('with parameter_mode "zip" all parameters must have as many values');
};

/** The values of one combination, by name. In a product the last parameter changes fastest. */
const combination = (values: Values, isZip: boolean, number: number): ReadonlyMap<string, ParameterValue> => {
  const chosen = new Map<string, ParameterValue>();
  let rest = number;
  for (const [name, list] of values.toReversed()) {
    const at = isZip ? number : rest % list.length;
    rest = Math.floor(rest / list.length);
    chosen.set(name, list[at] ?? '');
  }
  return chosen;
};

/** Raw JSON with the templates of these parameters filled in; other braces stay. */
const filled = (raw: string, chosen: ReadonlyMap<string, ParameterValue>): string | DomainError => {
  let refusal: DomainError | undefined;
  const text = raw.replace(TEMPLATE, (template, name: string, format: string | undefined) => {
    const value = chosen.get(name);
    if (value === undefined) return template;
    const written = formatted(value, format ?? '');
    if (written instanceof DomainError) refusal ??= badRequest(`${template}: ${written.message}`);
    return written instanceof DomainError ? '' : JSON.stringify(written).slice(1, -1);
  });
  return refusal ?? text;
};

/** Expands elements of a specification that have parameters. One object per specification: it bounds all of them together. */
export class Expansion {
  private left = EXPANDED_MAX;
  private charactersLeft = EXPANDED_CHARACTERS_MAX;

  private constructor(private readonly shared: ReadonlyMap<string, readonly ParameterValue[]>) {}

  /** @param shared raw JSON of the parameters that elements may use by name */
  static of(shared: string | undefined): Expansion | DomainError {
    const values = shared === undefined ? new Map<string, readonly ParameterValue[]>() : valuesIn(shared);
    return values instanceof DomainError ? values : new Expansion(values);
  }

  /**
   * What an element becomes: raw JSON, or the reason why one cannot be made.
   *
   * @param raw valid JSON, or else it is given back as it is
   */
  *expand(raw: string): Generator<string | DomainError, void, void> {
    // Most have none, and are not looked into.
    if (!raw.includes('parameter')) {
      yield raw;
      return;
    }
    const plan = this.planned(raw);
    if (plan instanceof DomainError || plan === undefined) {
      yield plan ?? raw;
      return;
    }
    const { text, values, isZip, count } = plan;
    for (let number = 0; number < count; number += 1) yield filled(text, combination(values, isZip, number));
  }

  private planned(
    raw: string,
  ):
    | { readonly text: string; readonly values: Values; readonly isZip: boolean; readonly count: number }
    | DomainError
    | undefined {
    const members = membersIn(raw);
    if (members === undefined || !PARAMETER_FIELDS.some((field) => members.has(field))) return undefined;
    const [own, mode = '"product"', used = '[]'] = PARAMETER_FIELDS.map((field) => members.get(field));
    for (const field of PARAMETER_FIELDS) members.delete(field);
    if (!MODES.has(mode)) return badRequest('parameter_mode must be "product" or "zip"');
    const values = new Map<string, readonly ParameterValue[]>();
    const names: unknown = JSON.parse(used);
    if (!Array.isArray(names)) return badRequest('use_parameters must be a list of names');
    for (const name of names as readonly unknown[]) {
      const list = typeof name === 'string' ? this.shared.get(name) : undefined;
      if (list === undefined) {
        return badRequest(`use_parameters: the specification has no parameter ${JSON.stringify(name).slice(0, 100)}`);
      }
      values.set(String(name), list);
    }
    const declared = valuesIn(own ?? '{}');
    if (declared instanceof DomainError) return declared;
    for (const [name, list] of declared) values.set(name, list);
    const isZip = mode === '"zip"';
    const count = countOf([...values], isZip);
    if (count instanceof DomainError) return count;
    const text = objectText(members);
    this.left -= count;
    this.charactersLeft -= count * text.length;
    if (this.left < 0 || this.charactersLeft < 0) {
      return badRequest(
        `parameters make more than ${EXPANDED_MAX} jobs, files and user data, or ${EXPANDED_CHARACTERS_MAX} characters of them`,
      );
    }
    return { text, values: [...values], isZip, count };
  }
}

const membersIn = (raw: string): Map<string, string> | undefined => {
  try {
    JSON.parse(raw);
    return kindOf(raw) === 'object' ? membersOf(raw) : undefined;
  } catch {
    return undefined;
  }
};
