import { randomInt } from 'node:crypto';
import { DomainError } from '#platform/domain-error.js';
import { evaluate, formatNumeric, parseNumeric, type Numeric } from './arithmetic.js';
import { isArray, isObject, toText, type Json } from './json.js';
import { sprintf } from './sprintf.js';

/** Values that macros of one module can use. The first scope that has a name wins, from the module outwards. */
export interface Scope {
  /** `$(job)`, `$(task)`, `$(dataset)`...; then the parameters of module, tray, task and steering. */
  readonly bare: readonly Readonly<Record<string, Json>>[];
  readonly steering: Readonly<Record<string, Json>>;
  /** `$options(x)` and its other name `$args(x)`. The first that has a name wins. */
  readonly options: readonly Readonly<Record<string, Json>>[];
  readonly budget: ExpansionBudget;
  /** Picks one of `count` for `$choice`. */
  readonly choose?: (count: number) => number;
}

/** Maximum nesting of parameters in parameters. Deeper ones refer to themselves. */
const DEPTH_MAX = 32;

/** Cost of a text or a value in addition to its characters. */
const TEXT_WORK = 64;

/** Arithmetic costs so many times as much as copying: a few characters may be a product of numbers with thousands of digits. */
const ARITHMETIC_WORK = 32;

/** A parameter refers to itself, or parameters in parameters become too large. */
export class ExpansionRefused extends DomainError {
  constructor(problem: string, text: string) {
    super('invalid', 'config.expansion-refused', text === '' ? problem : `${problem}: ${text.slice(0, 200)}`);
  }
}

/** The work of a whole config would exceed the budget. */
export class ExpansionTooLarge extends ExpansionRefused {
  constructor(text: string) {
    super('Expansion is too large', text);
  }
}

/**
 * Work that the expansions of one config may take together, in characters processed, including those of nested values.
 * Parameters that double each other exceed it, and so do many expressions that are harmless one by one.
 */
export class ExpansionBudget {
  /** What a config may need at most; 1 to 2 seconds. */
  static readonly MAX = 8 * 1024 * 1024;

  private work = 0;

  constructor(private readonly workMax = ExpansionBudget.MAX) {}

  /**
   * @param text what the work is for, as the error shows it
   * @throws ExpansionTooLarge
   */
  spend(work: number, text: string): void {
    this.work += work;
    if (this.work > this.workMax) throw new ExpansionTooLarge(text);
  }
}

const find = (scopes: readonly Readonly<Record<string, Json>>[], name: string): Json | undefined =>
  scopes.find((scope) => Object.hasOwn(scope, name))?.[name];

/** Splits at the commas outside of quotes and parentheses. */
const splitArguments = (text: string): readonly string[] => {
  const items: string[] = [];
  let start = 0;
  let quote = '';
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === "'" || character === '"') quote = character;
    else if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
    if (character === ',' && quote === '' && depth === 0) {
      items.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...items, text.slice(start)].map((item) => item.trim().replace(/^(['"])(.*)\1$/s, '$2'));
};

const listItems = (text: string): readonly string[] => {
  const inner = text.trim().replace(/^\[(.*)\]$/s, '$1');
  return inner === '' ? [] : splitArguments(inner);
};

const isNumeric = (value: Numeric | undefined): value is Numeric => value !== undefined;

const numbers = (text: string): readonly Numeric[] | undefined => {
  const values = listItems(text).map(parseNumeric);
  return values.length > 0 && values.every(isNumeric) ? values : undefined;
};

const extreme = (text: string, better: (candidate: Numeric, best: Numeric) => boolean): string | undefined => {
  const best = numbers(text)?.reduce((found, value) => (better(value, found) ? value : found));
  return best === undefined ? undefined : formatNumeric(best);
};

const sum = (text: string): string | undefined => {
  const total = numbers(text)?.reduce<Numeric>(
    (left, right) =>
      typeof left === 'bigint' && typeof right === 'bigint' ? left + right : Number(left) + Number(right),
    0n,
  );
  return total === undefined ? undefined : formatNumeric(total);
};

const choice = (text: string, scope: Scope): string | undefined => {
  const items = listItems(text);
  return items[(scope.choose ?? randomInt)(Math.max(1, items.length))];
};

/** Value of `$name(inner)`, itself still to be expanded; `undefined` when there is none. */
const resolve = (name: string, inner: string, scope: Scope): string | undefined => {
  const known = (value: Json | undefined): string | undefined => (value === undefined ? undefined : toText(value));
  switch (name) {
    case '':
      return known(find([...scope.bare, scope.steering, ...scope.options], inner.trim()));
    case 'steering':
      return known(find([scope.steering], inner.trim()));
    case 'options':
    case 'args':
      return known(find(scope.options, inner.trim()));
    case 'eval': {
      const value = evaluate(inner);
      return value === undefined ? undefined : formatNumeric(value);
    }
    case 'sprintf': {
      const [format, ...args] = splitArguments(inner);
      return format === undefined ? undefined : sprintf(format, args);
    }
    case 'choice':
      return choice(inner, scope);
    case 'sum':
      return sum(inner);
    case 'min':
      return extreme(inner, (candidate, best) => candidate < best);
    case 'max':
      return extreme(inner, (candidate, best) => candidate > best);
    case 'len':
      return String(listItems(inner).length);
    default:
      return undefined;
  }
};

/** Maps the index of each opening parenthesis to the index of its closing one. */
const closings = (text: string): ReadonlyMap<number, number> => {
  const found = new Map<number, number>();
  const open: number[] = [];
  for (const { 0: character, index } of text.matchAll(/[()]/g)) {
    const opening = character === '(' ? (open.push(index), undefined) : open.pop();
    if (opening !== undefined) found.set(opening, index);
  }
  return found;
};

class Expansion {
  constructor(private readonly scope: Scope) {}

  text(text: string, depth = 0): string {
    if (depth > DEPTH_MAX) throw new ExpansionRefused('Expansion does not end', text);
    this.scope.budget.spend(text.length + TEXT_WORK, text);
    if (!text.includes('$')) return text;
    const ends = closings(text);
    let result = '';
    let rest = 0;
    for (const match of text.matchAll(/\$([A-Za-z_]*)\(/g)) {
      if (match.index < rest) continue;
      const start = match.index + match[0].length;
      const end = ends.get(start - 1);
      if (end === undefined) continue;
      const inner = this.text(text.slice(start, end), depth + 1);
      if (match[1] === 'eval') this.scope.budget.spend(inner.length * ARITHMETIC_WORK, inner);
      const value = resolve(match[1] ?? '', inner, this.scope);
      result += text.slice(rest, match.index);
      result += value === undefined ? `${match[0]}${inner})` : this.text(value, depth + 1);
      rest = end + 1;
    }
    return result + text.slice(rest);
  }

  all(value: Json): Json {
    if (typeof value === 'string') return this.text(value);
    this.scope.budget.spend(TEXT_WORK, '');
    if (isArray(value)) return value.map((item) => this.all(item));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.all(item)]));
  }
}

/**
 * Replaces the macros of a config's text, from the inside outwards (IceProd contract 16): `$(x)`, `$steering(x)`,
 * `$options(x)`, `$args(x)`, `$eval`, `$sprintf`, `$choice`, `$sum`, `$min`, `$max`, `$len`. Unknown
 * names stay as they are written.
 *
 * @throws ExpansionRefused
 */
export const expand = (text: string, scope: Scope): string => new Expansion(scope).text(text);

/** The same for every text inside a document; keys stay. */
export const expandAll = (value: Json, scope: Scope): Json => new Expansion(scope).all(value);
