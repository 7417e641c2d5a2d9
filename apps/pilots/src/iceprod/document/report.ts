import { formatTimestamp } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { EVENT_BYTES_MAX } from '#ledger/ledger.js';
import { type Members, membersOf, mergeFields, objectText } from '#contracts/raw-json.js';

/** A time as documents show it. */
export const timeText = (micros: number): string => `"${formatTimestamp(micros)}"`;

/**
 * The document after a sign of life: any field may come along, dotted names set nested ones, `last_update` is the time of
 * the report (IceProd contract 11, 12.2). Refused is another id.
 *
 * @param fields raw JSON of an object
 */
export const afterReport = (
  document: string,
  fields: string,
  idField: string,
  timeMicros: number,
): string | DomainError => {
  const merged = mergeFields(document, fields);
  if (merged instanceof DomainError) return merged;
  const members = membersOf(merged);
  if (members.get(idField) !== membersOf(document).get(idField)) return invalidValue(idField);
  return objectText(members.set('last_update', timeText(timeMicros)));
};

export const invalidValue = (field: string): DomainError =>
  new DomainError('invalid', 'document.bad-field', `invalid value for ${field}`);

/** Looked at before anything else, because what no event can hold may be very long. */
export const reportProblem = (fields: string): DomainError | undefined => {
  if (fields.length > EVENT_BYTES_MAX) return new DomainError('invalid', 'document.too-large', 'Update data too large');
  if (membersOf(fields).size > 0) return undefined;
  return new DomainError('invalid', 'document.no-update', 'Missing update data');
};

/** A new document: known fields first, in the order of `known`; the server's own win over the client's. */
export const newDocument = (known: Members, description: string): string => {
  const given = membersOf(description);
  const members = new Map(known);
  for (const [name, raw] of given) if (!known.has(name)) members.set(name, raw);
  return objectText(members);
};
