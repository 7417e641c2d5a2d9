import { objectText } from '#contracts/raw-json.js';
import type { Field } from '../route/field.js';
import { float, int, type JsonType, strings, text } from '../route/json-types.js';
import { invalid } from '../route/request-source.js';

const TYPES: Readonly<Record<string, JsonType<unknown>>> = {
  cpu: int,
  gpu: int,
  memory: float,
  disk: float,
  time: float,
  os: strings,
  site: text,
};

/** The body of bulk_requirements, as raw JSON: values keep their texts, but `site` becomes a string (IceProd contract 7.7). */
export const requirementsBody: Field<string, 'always'> = {
  from: 'whole body',
  required: true,
  schema: {
    type: 'object',
    minProperties: 1,
    additionalProperties: false,
    properties: Object.fromEntries(Object.entries(TYPES).map(([name, { schema }]) => [name, schema])),
  },
  read: (source) => {
    const entries = Object.entries(source.object);
    if (entries.length === 0) throw invalid('Missing body');
    if (entries.some(([name]) => !Object.hasOwn(TYPES, name))) throw invalid('Invalid resource types');
    return objectText(
      entries.map(([name, value]) => {
        const raw = (): string => source.raw(name);
        const accepted = TYPES[name]?.accept(value, raw);
        if (accepted === undefined) throw invalid(`Bad type for resource ${name}`);
        return [name, name === 'site' ? JSON.stringify(accepted) : raw()];
      }),
    );
  },
};
