import { type JsonSchema, nameIn } from './json-schema.js';

/** A schema with the definitions that it refers to. */
class Place {
  constructor(
    readonly schema: JsonSchema,
    private readonly root: JsonSchema,
    readonly path: string,
    private readonly references: readonly string[] = [],
  ) {}

  /** Undefined where a definition contains itself: it is compared once. */
  at(schema: JsonSchema, step: string): Place | undefined {
    const { $ref: reference } = schema;
    const path = `${this.path}${step}`;
    if (reference === undefined) return new Place(schema, this.root, path, this.references);
    if (this.references.includes(reference)) return undefined;
    const definition = this.root.definitions?.[nameIn(reference)] ?? {};
    return new Place(definition, this.root, path, [...this.references, reference]);
  }
}

const KINDS = ['string', 'number', 'boolean', 'null', 'array', 'object'];

const kindOf = (value: unknown): string => (value === null ? 'null' : typeof value);

const kindsOf = ({ type, enum: words, anyOf }: JsonSchema): readonly string[] => {
  if (type !== undefined) return [type].flat();
  if (words !== undefined) return [...new Set(words.map(kindOf))];
  return anyOf === undefined ? KINDS : [...new Set(anyOf.flatMap(kindsOf))];
};

function* betweenPlaces(before: Place, after: Place): Generator<string, void, void> {
  const [old, now] = [before.schema, after.schema];
  if (old.anyOf !== undefined || now.anyOf !== undefined) return yield* betweenAlternatives(before, after);
  const isLost = (kind: string): boolean => !kindsOf(now).includes(kind);
  for (const kind of kindsOf(old).filter(isLost)) yield `${before.path} may be no ${kind} any more`;
  for (const kind of kindsOf(now).filter((one) => !kindsOf(old).includes(one))) yield `${before.path} may be ${kind}`;
  if (now.enum !== undefined) {
    if (old.enum === undefined) yield `${before.path} may only be ${now.enum.map(String).join(', ')}`;
    const words = new Set(now.enum);
    for (const word of old.enum ?? []) if (!words.has(word)) yield `${before.path} may not be ${word} any more`;
  }
  yield* betweenMembers(before, after);
  yield* betweenItems(before, after);
}

/** Each of the old alternatives has to be allowed still; there may be further ones. */
function* betweenAlternatives(before: Place, after: Place): Generator<string, void, void> {
  const choices = ({ schema }: Place): readonly JsonSchema[] => schema.anyOf ?? [schema];
  for (const old of choices(before)) {
    const problems = choices(after).map((now) => [...between(before, old, after, now, '')]);
    const [fewest = []] = problems.toSorted((a, b) => a.length - b.length);
    yield* fewest;
  }
}

function* betweenMembers(before: Place, after: Place): Generator<string, void, void> {
  const [old, now] = [before.schema, after.schema];
  for (const [name, member] of Object.entries(old.properties ?? {})) {
    const same = now.properties?.[name];
    if (same === undefined) yield `${before.path}.${name} was removed`;
    else yield* between(before, member, after, same, `.${name}`);
  }
  const [wasRequired, isRequired] = [new Set(old.required), new Set(now.required)];
  for (const name of isRequired) if (!wasRequired.has(name)) yield `${before.path}.${name} became required`;
  for (const name of wasRequired) {
    const isThere = now.properties?.[name] !== undefined;
    if (isThere && !isRequired.has(name)) yield `${before.path}.${name} became optional`;
  }
  if (old.additionalProperties !== undefined || now.additionalProperties !== undefined) {
    yield* between(before, old.additionalProperties ?? {}, after, now.additionalProperties ?? {}, '.*');
  }
}

function* betweenItems(before: Place, after: Place): Generator<string, void, void> {
  const items = ({ schema }: Place): readonly JsonSchema[] => [schema.items ?? []].flat();
  const [old, now] = [items(before), items(after)];
  if (Array.isArray(before.schema.items) !== Array.isArray(after.schema.items) || old.length !== now.length) {
    return yield `${before.path} has another number of items`;
  }
  for (const [index, item] of old.entries()) yield* between(before, item, after, now[index] ?? {}, '[]');
}

function* between(
  before: Place,
  old: JsonSchema,
  after: Place,
  now: JsonSchema,
  step: string,
): Generator<string, void, void> {
  const [oldPlace, nowPlace] = [before.at(old, step), after.at(now, step)];
  if (oldPlace !== undefined && nowPlace !== undefined) yield* betweenPlaces(oldPlace, nowPlace);
}

/**
 * Why readers and events of the old schema do not get along with the new one of the same version. New members that are optional, and new words where
 * there were some, are compatible: readers leave aside what they do not know.
 */
export const incompatibilities = (old: JsonSchema, now: JsonSchema): readonly string[] => [
  ...new Set(betweenPlaces(new Place(old, old, 'data'), new Place(now, now, 'data'))),
];
