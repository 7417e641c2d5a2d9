import type { DatabaseSync } from 'node:sqlite';
import type { Caller } from '#bus/contract.js';
import { type AccessRule, authorizeByRule, bypassesRules } from '#contracts/access.js';
import type { WorkloadFilter, WorkloadPhase } from '#contracts/workloads.js';
import { arrayStatement } from '#event-sourcing/array-statement.js';
import { perConnection } from '#event-sourcing/per-connection.js';

/** Workloads that are alike for lists: of one dialect, status and phase, with the same readers. */
export interface CatalogClass {
  readonly id: number;
  readonly dialect: string;
  readonly status: string;
  readonly phase: WorkloadPhase;
  /** Raw JSON of the access rule; empty when everyone may read. */
  readonly rule: string;
  /** How many there are. */
  readonly n: number;
}

type ClassValues = readonly [id: number, dialect: string, status: string, phase: string, rule: string, n: number];

const classesOn = perConnection((database) =>
  arrayStatement<ClassValues>(
    database,
    'SELECT id, dialect, status, phase, rule, n FROM catalog_class WHERE n > 0 ORDER BY dialect, phase, status',
  ),
);

/** Whether a rule lets a caller read; see {@link CatalogClass}. */
export const isReadable = (rule: string, caller: Caller): boolean =>
  rule === '' ||
  bypassesRules(caller) ||
  authorizeByRule(JSON.parse(rule) as AccessRule, 'read', caller.username, caller.groups) === undefined;

/** The classes that a caller may read. Rules are few, because most workloads of a group share one. */
export const readableClasses = (database: DatabaseSync, caller: Caller): readonly CatalogClass[] => {
  const known = new Map<string, boolean>();
  const mayRead = (rule: string): boolean => {
    const answer = known.get(rule) ?? isReadable(rule, caller);
    known.set(rule, answer);
    return answer;
  };
  return classesOn(database)
    .all()
    .filter(([, , , , rule]) => mayRead(rule))
    .map(([id, dialect, status, phase, rule, n]) => ({ id, dialect, status, phase: phase as WorkloadPhase, rule, n }));
};

export const isWanted = (
  { dialect, status, phase }: CatalogClass,
  { dialects, statuses, phases }: WorkloadFilter,
): boolean =>
  dialects?.includes(dialect) !== false && statuses?.includes(status) !== false && phases?.includes(phase) !== false;
