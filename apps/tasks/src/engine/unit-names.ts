import type { ColumnNames } from '#event-sourcing/projection.js';
import { memberName, workloadName } from '../workload/told-names.js';
import { WORD_TABLES, type WordTable } from './tables.js';

const wordName = (table: WordTable, id: string): string => `(SELECT x.word FROM ${table} x WHERE x.id = ${id})`;

/** Dialect, word and outcome of a status. */
export const statusName = (id: string): string =>
  `(SELECT s.dialect || ' ' || s.word || ' ' || s.outcome FROM unit_status s WHERE s.id = ${id})`;

/** All that the units of a class have in common, of a row of `unit_class`. */
const CLASS = [
  'c.queue',
  workloadName('c.workload'),
  workloadName('c.home'),
  wordName('unit_requirements', 'c.requirements'),
  wordName('unit_site', 'c.site'),
  wordName('unit_label', 'c.label'),
  'c.flags',
]
  .map((part) => `coalesce(${part}, '')`)
  .join(` || ' ' || `);

const className = (id: string): string => `(SELECT ${CLASS} FROM unit_class c WHERE c.id = ${id})`;

/** Numbers in the tables of units. */
export const UNIT_NAMES: ColumnNames = {
  ...Object.fromEntries(WORD_TABLES.map((table) => [`${table}.id`, 't.word'])),
  'unit_status.id': statusName('t.id'),
  'unit.key': memberName('t.key'),
  'unit.dialect': wordName('unit_dialect', 't.dialect'),
  'unit.workload': workloadName('t.workload'),
  'unit.grp': wordName('unit_group', 't.grp'),
  'unit.name': wordName('unit_name', 't.name'),
  'unit.requirements': wordName('unit_requirements', 't.requirements'),
  'unit.status': statusName('t.status'),
  'unit.class': className('t.class'),
  'unit.site': wordName('unit_site', 't.site'),
  'unit.label': wordName('unit_label', 't.label'),
  'unit_retry.key': memberName('t.key'),
  'unit_edge.blocker': memberName('t.blocker'),
  'unit_edge.dependent': memberName('t.dependent'),
  'unit_edge_unknown.dialect': wordName('unit_dialect', 't.dialect'),
  'unit_edge_unknown.dependent': memberName('t.dependent'),
  'unit_count.workload': workloadName('t.workload'),
  'unit_count.name': wordName('unit_name', 't.name'),
  'unit_count.status': statusName('t.status'),
  'unit_total.kind': `${statusName('t.kind / 2')} || ' ' || t.kind % 2`,
  'unit_name_order.workload': workloadName('t.workload'),
  'unit_name_order.name': wordName('unit_name', 't.name'),
  'unit_run_time.workload': workloadName('t.workload'),
  'unit_run_time.name': wordName('unit_name', 't.name'),
  'unit_class.id': className('t.id'),
  'unit_class.workload': workloadName('t.workload'),
  'unit_class.home': workloadName('t.home'),
  'unit_class.requirements': wordName('unit_requirements', 't.requirements'),
  'unit_class.site': wordName('unit_site', 't.site'),
  'unit_class.label': wordName('unit_label', 't.label'),
};
