/** SQL that tells by name what numbers of this service's tables stand for, for `Projection.names`. Arguments are SQL, too. */

/** Ref of a workload. */
export const workloadName = (id: string): string => `(SELECT w.ref FROM workload w WHERE w.id = ${id})`;

/** Ref of the workload and ordinal of a unit, group or range there: see `member-key.ts`. */
export const memberName = (key: string): string =>
  `(${workloadName(`(${key}) >> 32`)} || '#' || ((${key}) & 4294967295))`;
