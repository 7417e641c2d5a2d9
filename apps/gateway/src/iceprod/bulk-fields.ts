import type { Field } from '../route/field.js';
import { optional } from '../route/fields.js';
import { strings } from '../route/json-types.js';
import { invalid } from '../route/request-source.js';
import { BULK_MAX } from './iceprod-route.js';

const withinLimit = (ids: readonly string[], what: string): readonly string[] => {
  if (ids.length > BULK_MAX) throw invalid(`Too many ${what} specified (limit: ${BULK_MAX})`);
  return ids;
};

/** Ids that a forced change names: at least one (IceProd contract 6, 7.7). */
export const idsOf = (what: 'jobs' | 'tasks'): Field<readonly string[], 'always'> => ({
  from: 'body',
  required: true,
  schema: { ...strings.schema, minItems: 1, maxItems: BULK_MAX },
  read: (source) => {
    const ids = strings.accept(source.object[what], () => source.raw(what));
    if (ids === undefined || ids.length === 0) throw invalid(`Missing ${what} in body`);
    return withinLimit(ids, what);
  },
});

/** Ids that an action is limited to: no list means everybody, an empty one nobody. */
export const selectionOf = (what: 'jobs' | 'tasks'): Field<readonly string[], 'maybe'> => {
  const list = optional(strings);
  return {
    ...list,
    schema: { ...strings.schema, maxItems: BULK_MAX },
    read: (source, name) => {
      const ids = list.read(source, name);
      return ids === undefined ? undefined : withinLimit(ids, what);
    },
  };
};
