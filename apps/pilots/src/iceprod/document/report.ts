import { formatTimestamp } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { isTooLargeAPatch, type Members, membersOf, mergeFields, objectText, outgrows } from '#contracts/raw-json.js';

export const LAST_UPDATE = 'last_update';

/** A time as documents show it. */
export const timeText = (micros: number): string => `"${formatTimestamp(micros)}"`;

/**
 * The document after a report. It may set any field, dotted names set nested ones; `last_update` becomes the time of the
 * report (IceProd contract 11, 12.2). Another id is refused.
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
  return objectText(members.set(LAST_UPDATE, timeText(timeMicros)));
};

export const invalidValue = (field: string): DomainError =>
  new DomainError('invalid', 'document.bad-field', `invalid value for ${field}`);

/** Whether a report brought anything but its time. One that did not is a heartbeat only, and no event. */
export const hasNews = (before: string, after: string): boolean => {
  const [old, changed] = [membersOf(before), membersOf(after)];
  return old.size !== changed.size || [...changed].some(([name, raw]) => name !== LAST_UPDATE && old.get(name) !== raw);
};

export const tooLarge = (what: string): DomainError =>
  new DomainError('invalid', 'document.too-large', `${what} too large`);

/** Why a report may not change a document so; undefined when it may. */
export const growthProblem = (before: string, after: string): DomainError | undefined =>
  outgrows(after, before) ? tooLarge('Update data') : undefined;

/** Checked before anything else, because a report that no event can hold may be very long. */
export const reportProblem = (fields: string): DomainError | undefined => {
  if (isTooLargeAPatch(fields)) return tooLarge('Update data');
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
