type Data = Readonly<Record<string, unknown>>;

/** Turns an event's data of schema version n into that of n + 1. */
export type Lift = (data: Data) => Data;

/** By event type: the nth step lifts schema version n to n + 1. The stored name never changes. */
export type Lifts = Readonly<Record<string, readonly Lift[]>>;

/** The schema version that new events of a type have. */
export const schemaVersionOf = (lifts: Lifts, type: string): number => (lifts[type]?.length ?? 0) + 1;

/** The data as if it had been written today. */
export const upcast = (lifts: Lifts, type: string, data: Data, schemaVersion: number): Data =>
  (lifts[type] ?? []).slice(schemaVersion - 1).reduce((old, step) => step(old), data);
