import { createHash, randomInt } from 'node:crypto';

/** Homes of aggregates: slots are assigned to partitions. */
export const SLOTS = 1024;

const TIME_DIGITS = 12;
const SLOT_DIGITS = 3;
const MICROS_DIGITS = 3;
const CHANCE_DIGITS = 6;
const INDEX_DIGITS = 8;

/** Behind the whole time, so that ids of different owners are in the order of their creation as well. */
const SLOT_AT = TIME_DIGITS + MICROS_DIGITS;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** Home of an aggregate by its ref (see `ref` in libs/ledger). */
export const slotOf = (ref: string): number => createHash('sha256').update(ref).digest().readUInt32BE(0) % SLOTS;

/** Home of whatever carries an id made here. */
export const slotOfId = (id: string): number => Number.parseInt(id.slice(SLOT_AT, SLOT_AT + SLOT_DIGITS), 16) % SLOTS;

/**
 * First 24 hex digits of a batch of ids: time, slot of the aggregate that will own them, chance. Ids sort by the time they
 * were made at, whoever owns them. An event that adds many things holds the prefix once and numbers them.
 *
 * @param timeMicros microseconds since the Unix epoch, as {@link nowMicros} gives them
 */
export const newIdPrefix = (ref: string, timeMicros: number): string =>
  hex(Math.floor(timeMicros / 1000), TIME_DIGITS) +
  hex(timeMicros % 1000, MICROS_DIGITS) +
  hex(slotOf(ref), SLOT_DIGITS) +
  hex(randomInt(16 ** CHANCE_DIGITS), CHANCE_DIGITS);

/** The id with the given number within its batch: 32 lowercase hex digits. */
export const idAt = (prefix: string, index: number): string => prefix + hex(index, INDEX_DIGITS);

/** A single new id. */
export const newId = (ref: string, timeMicros: number): string => idAt(newIdPrefix(ref, timeMicros), 0);
