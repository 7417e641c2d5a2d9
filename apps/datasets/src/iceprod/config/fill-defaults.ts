import type { SchemaObject } from 'ajv/dist/2020.js';

type Properties = Readonly<Record<string, SchemaObject>>;

/**
 * Gives every object its missing properties that have a default, then goes into what was there (IceProd contract 5.1).
 * Changes `value`. The validator's own filling would come after the conditions that judge the defaults.
 */
export const fillDefaults = (value: unknown, schema: SchemaObject): void => {
  if (Array.isArray(value)) {
    const { items } = schema as { items?: SchemaObject };
    if (items !== undefined) for (const element of value) fillDefaults(element, items);
  } else if (typeof value === 'object' && value !== null) {
    fillObject(value as Record<string, unknown>, (schema as { properties?: Properties }).properties ?? {});
  }
};

/** Defaults that are no scalars are empty. */
const copied = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? [] : {};
};

const fillObject = (object: Record<string, unknown>, properties: Properties): void => {
  for (const [name, schema] of Object.entries(properties)) {
    if (Object.hasOwn(object, name)) fillDefaults(object[name], schema);
    else if ('default' in schema) object[name] = copied(schema['default']);
  }
};
