import { membersOf, objectText } from '#contracts/raw-json.js';
import type { Field, Schema } from '../route/field.js';

export const TEXT: Schema = { type: 'string' };
export const NUMBER: Schema = { type: 'number' };
export const TEXTS: Schema = { type: 'array', items: TEXT };

/** The members of the body that are no field of the route, to the letter. `properties` describe those that are. */
export const extraMembers = (
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
  generated: readonly string[] = [],
): Field<string, 'always'> => {
  const known = [...Object.keys(properties), ...generated];
  return {
    from: 'whole body',
    required: true,
    schema: { type: 'object', ...(required.length > 0 && { required }), properties, additionalProperties: true },
    read: (source) => {
      const members = membersOf(source.document);
      for (const name of known) members.delete(name);
      return objectText(members);
    },
  };
};
