import { parseTimestamp } from '#platform/clock.js';
import { type ChangedSince, LIST_LIMIT_MAX, type SortField } from '#contracts/lists.js';
import { intParameter, parsedParameter, textParameter } from '../route/fields.js';
import { invalid } from '../route/request-source.js';

/** `field=1`, `field=-1` or a bare field, separated by `|`. */
export const sortTerms = (given: string): readonly { readonly field: string; readonly direction: string }[] =>
  given
    .split('|')
    .filter((term) => term !== '')
    .map((term) => {
      const [field = '', direction = '1'] = term.split('=');
      return { field: field.trim(), direction: direction.trim() };
    });

const DIRECTIONS: readonly string[] = ['1', '-1'];

/** A field that is named twice sorts nothing more the second time. */
const sortBy =
  (sortable: readonly string[]) =>
  (given: string): readonly SortField[] | undefined => {
    const sort = new Map<string, SortField>();
    for (const { field, direction } of sortTerms(given)) {
      if (!sortable.includes(field)) throw invalid(`sort takes ${sortable.join(', ')}`);
      if (!DIRECTIONS.includes(direction)) throw invalid('sort takes field=1, field=-1 or field');
      if (!sort.has(field)) sort.set(field, { field, descending: direction === '-1' });
    }
    return sort.size === 0 ? undefined : [...sort.values()];
  };

const TIMESTAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z?$/;

/** A position of the ledger, as the header `Cairn-Position` names it. */
const POSITION = /^\d{1,15}$/;

/** A position, or a timestamp as IceProd writes it, or with fewer digits, or with the zone that it is in anyway. */
const changedSince = (given: string): ChangedSince => {
  if (POSITION.test(given)) return { position: Number(given) };
  const [, seconds = '', fraction = ''] = TIMESTAMP.exec(given) ?? [];
  const micros = parseTimestamp(`${seconds}.${fraction.padEnd(6, '0')}`);
  if (micros === undefined) {
    throw invalid('changed_since must be a Cairn-Position or a UTC timestamp like 2026-01-31T12:00:00.000000');
  }
  return { micros };
};

/** What lists of documents take beyond IceProd (contract 24): without it they are whole and in order of creation. */
export const listFields = (sortable: readonly string[]) => ({
  sort: parsedParameter(
    'sort',
    { type: 'string' },
    `fields to sort by: field=1 ascending, field=-1 descending; separated by |. Of ${sortable.join(', ')}. One answer ` +
      'is exact. Over several answers with a limit, a document whose sort value changes meanwhile may be shown twice or not at all: ' +
      'to be safe, ask at the end with changed_since = Cairn-Position of the first answer, which gives every such document',
    sortBy(sortable),
  ),
  limit: intParameter(
    'limit',
    'most documents to answer; a Link header leads on',
    `limit must be an integer from 1 to ${LIST_LIMIT_MAX}`,
    1,
    LIST_LIMIT_MAX,
  ),
  after: textParameter('after', 'where to go on: from the Link header of an earlier answer'),
  changed_since: parsedParameter(
    'changed_since',
    { type: 'string' },
    'only documents that something has happened to since: the Cairn-Position of an earlier answer, which misses nothing; or a ' +
      'time and later, UTC, as in 2026-01-31T12:00:00.000000, which misses changes when the clock of the server was set back',
    changedSince,
  ),
});

/** For the OpenAPI document. */
export const LIST_HEADERS = {
  'Cairn-Position': {
    description:
      'everything up to this position of the ledger is in the answer: the changed_since to ask with next. Absent behind `after`, ' +
      'where that of the first answer counts',
    schema: { type: 'string' },
  },
  Link: {
    description:
      'with a limit, while documents are left: <path of the next ones>; rel="next" (RFC 8288). With limit or changed_since: ' +
      '<path of what changes from now on>; rel="changes"',
    schema: { type: 'string' },
  },
};
