/** The part of JSON Schema (draft 7) that describes data of events. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly title?: string;
  readonly description?: string;
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly (string | number | boolean | null)[];
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  /** What members have whose names are not known beforehand. */
  readonly additionalProperties?: JsonSchema;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
}

const DEFINITIONS = '#/definitions/';

export const referenceTo = (name: string): JsonSchema => ({ $ref: `${DEFINITIONS}${name}` });

export const nameIn = (reference: string): string => reference.slice(DEFINITIONS.length);
