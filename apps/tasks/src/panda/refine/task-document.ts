import { isObject, type JsonMembers } from '#platform/json-object.js';
import { valueInSlices } from '#contracts/json-in-slices.js';

/** A document that refinement cannot make a task of. The message goes to the user. */
export class InvalidDocument extends Error {
  override readonly name = 'InvalidDocument';
}

/** Larger numbers are mistakes. */
const INTEGER_MAX = 10 ** 12;

/** Texts that mean that a switch is off. */
const OFF: readonly unknown[] = ['', '0', 'false', 'False', 'None'];

/** Reads a parameter document, whose values nobody has checked (PanDA contract 9.1). Null counts as absent. */
export class TaskDocument {
  constructor(readonly values: JsonMembers) {}

  /** Yields where others may take their turn: documents may have many megabytes. */
  static *parse(text: string): Generator<void, TaskDocument, void> {
    const values = yield* valueInSlices(text);
    if (!isObject(values)) throw new InvalidDocument('the task parameters are not a JSON object');
    return new TaskDocument(values);
  }

  has(key: string): boolean {
    return this.values[key] !== undefined && this.values[key] !== null;
  }

  text(key: string): string | null {
    const value = this.values[key] ?? null;
    if (value === null || typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw new InvalidDocument(`${key} must be a text`);
  }

  /** A number, or a text that spells one. */
  number(key: string): number | null {
    const value = this.values[key] ?? null;
    if (value === null || value === '') return null;
    const number = typeof value === 'string' ? Number(value) : value;
    if (typeof number === 'number' && Number.isFinite(number)) return number;
    throw new InvalidDocument(`${key} must be a number`);
  }

  integer(key: string): number | null {
    const number = this.number(key);
    if (number === null) return null;
    if (Math.abs(number) > INTEGER_MAX) throw new InvalidDocument(`${key} must not exceed ${INTEGER_MAX}`);
    return Math.trunc(number);
  }

  /** Null for what is not above zero too. */
  positiveInteger(key: string): number | null {
    const integer = this.integer(key);
    return integer !== null && integer > 0 ? integer : null;
  }

  /** Whether a switch is on: clients send true, the integer 1, or texts. */
  isOn(key: string): boolean {
    const value = this.values[key];
    return (
      value === true ||
      (typeof value === 'number' && value !== 0) ||
      (typeof value === 'string' && !OFF.includes(value))
    );
  }

  object(key: string): JsonMembers | undefined {
    const value = this.values[key] ?? undefined;
    if (value === undefined || isObject(value)) return value;
    throw new InvalidDocument(`${key} must be an object`);
  }

  list(key: string): readonly unknown[] | undefined {
    const value = this.values[key] ?? undefined;
    if (value === undefined || Array.isArray(value)) return value;
    throw new InvalidDocument(`${key} must be a list`);
  }

  /** Names given as a list or as a text with commas. Undefined when there are none. */
  names(key: string): readonly string[] | undefined {
    const value = this.values[key] ?? undefined;
    if (value === undefined) return undefined;
    const names = typeof value === 'string' ? value.split(',') : value;
    if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) {
      throw new InvalidDocument(`${key} must be a list of names`);
    }
    const trimmed = names.map((name) => name.trim()).filter((name) => name !== '');
    return trimmed.length === 0 ? undefined : trimmed;
  }
}
