import type { RangesCut, RangesDiscarded, RecordCut } from '#contracts/panda/range-events.js';
import { rangesOf } from '#contracts/ranges.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { PandaView, Task, TaskFile } from '../view.js';
import { type EventRules, eventRulesOf } from './event-rules.js';
import { rangesIn } from './ranges-in.js';

/** A jobset whose first job is created, with the records of the master input that its jobs take. */
export interface NewJobset {
  /** Of the PandaID sequence. */
  readonly id: number;
  readonly records: readonly TaskFile[];
}

/** Ranges of a jobset, about: if there were more, they are larger, because all are made in one change. */
const RANGES_MAX = 1_000_000;

/** Records in one event. */
const RECORDS_MAX = 1_000;

/**
 * Cuts the records of new jobsets into event ranges (contract 5.5). All jobsets of one change are given at once, because their ranges are numbered
 * one after the other. Records that were cut before lose their ranges first.
 */
export const cutRanges = (view: PandaView, task: Task, jobsets: readonly NewJobset[]): DecidedEvent[] => {
  const rules = eventRulesOf(task);
  let ordinal = view.ranges.nextOrdinal(task.workload);
  return jobsets.flatMap(({ id, records }): DecidedEvent[] => {
    const cut = cutsOf(view, task, records, rules);
    const events = discardsOf(view, task, records, rules);
    for (let at = 0; at < cut.length; at += RECORDS_MAX) {
      const some = cut.slice(at, at + RECORDS_MAX);
      const data: RangesCut = { jobset_id: id, first: ordinal, attempts: rules.attempts, records: some };
      events.push({ stream: task.stream, type: 'RangesCut', data });
      for (const each of some) ordinal += rangesIn(each);
    }
    return events;
  });
};

/** Events of a record; at least one. */
const eventsOf = ({ nEvents, startEvent, endEvent }: TaskFile): number =>
  Math.max(1, endEvent === null ? (nEvents ?? 1) : endEvent - (startEvent ?? 0) + 1);

const byLfn = (one: TaskFile, other: TaskFile): number =>
  one.lfn === other.lfn ? one.id - other.id : one.lfn < other.lfn ? -1 : 1;

const cutsOf = (view: PandaView, task: Task, records: readonly TaskFile[], rules: EventRules): RecordCut[] => {
  const sorted = [...records].sort(byLfn);
  const used = rules.cloning === undefined ? sorted : sorted.slice(0, 1);
  const total = used.reduce((sum, record) => sum + eventsOf(record), 0);
  const perRange = Math.max(rules.eventsPerRange, Math.ceil(total / RANGES_MAX));
  let earlier = 0;
  return used.map((record): RecordCut => {
    const events = eventsOf(record);
    const first = (record.startEvent ?? 0) + 1 + (rules.isInFilePosition ? 0 : earlier);
    earlier += events;
    const size = rules.cloning === undefined ? perRange : events;
    const done = rules.keepsFinished ? view.ranges.finishedOf(task.workload, record.id, size) : [];
    return {
      ...{ file_id: record.id, dataset_id: record.datasetId, first_event: first, last_event: first + events - 1, size },
      ...(done.length > 0 && { left_out: done }),
    };
  });
};

const discardsOf = (view: PandaView, task: Task, records: readonly TaskFile[], rules: EventRules): DecidedEvent[] => {
  const files = records.map(({ id }) => id).filter((id) => view.ranges.hasRanges(task.workload, id));
  if (files.length === 0) return [];
  const data: RangesDiscarded = { files: rangesOf(files), ...(rules.keepsFinished && { keeps_finished: true }) };
  return [{ stream: task.stream, type: 'RangesDiscarded', data }];
};
