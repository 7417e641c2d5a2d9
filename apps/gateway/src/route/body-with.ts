import type { Field, Fields } from './field.js';

/** The whole body as it was sent, an object with some members of a certain form and any others. */
export const bodyWith = (members: Fields): Field<string, 'always'> => {
  const known = Object.entries(members);
  const inOrder = known.toSorted(([, one], [, other]) => Number(other.required) - Number(one.required));
  return {
    from: 'whole body',
    required: true,
    schema: {
      type: 'object',
      required: known.flatMap(([name, { required }]) => (required ? [name] : [])),
      properties: Object.fromEntries(known.map(([name, { schema }]) => [name, schema])),
      additionalProperties: true,
    },
    read: (source) => {
      for (const [name, { read }] of inOrder) read(source, name);
      return source.document;
    },
  };
};
