import { createHash, randomInt } from 'node:crypto';

/** Homes of aggregates: slots are assigned to partitions. */
export const SLOTS = 1024;

const TIME_DIGITS = 12;
const SLOT_DIGITS = 3;
const MICROS_DIGITS = 3;
const RANDOM_DIGITS = 6;
const INDEX_DIGITS = 8;

/** After the time, so that ids of different owners sort by time of creation too. */
const SLOT_AT = TIME_DIGITS + MICROS_DIGITS;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** Home of an aggregate by its ref (see `ref` in libs/ledger). */
export const slotOf = (ref: string): number => createHash('sha256').update(ref).digest().readUInt32BE(0) % SLOTS;

/** Home of the aggregate with a generated id. */
export const slotOfId = (id: string): number => Number.parseInt(id.slice(SLOT_AT, SLOT_AT + SLOT_DIGITS), 16) % SLOTS;

/**
 * The first 24 hex digits of a batch of ids: time, slot of the aggregate that will own them, random digits. Ids of all owners sort
 * by time of creation. An event that adds many things contains the prefix once and numbers them.
 *
 * @param timeMicros microseconds since the Unix epoch, as {@link nowMicros} gives them
 */
export const newIdPrefix = (ref: string, timeMicros: number): string =>
  hex(Math.floor(timeMicros / 1000), TIME_DIGITS) +
  hex(timeMicros % 1000, MICROS_DIGITS) +
  hex(slotOf(ref), SLOT_DIGITS) +
  hex(randomInt(16 ** RANDOM_DIGITS), RANDOM_DIGITS);

/** The id with the given number within its batch: 32 lowercase hex digits. */
export const idAt = (prefix: string, index: number): string => prefix + hex(index, INDEX_DIGITS);

/** A single new id. */
export const newId = (ref: string, timeMicros: number): string => idAt(newIdPrefix(ref, timeMicros), 0);
