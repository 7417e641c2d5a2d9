import type { RangeStatusesRequest } from '#contracts/panda/ranges.js';
import type { PandaView } from '../view.js';
import { rangeIdText } from './range-id.js';
import type { EventRange } from './range-view.js';

/** Ranges read at a time. */
const PAGE = 500;

type View = Pick<PandaView, 'ranges' | 'task'>;

/**
 * Statuses of the ranges of jobs by PandaID and by the text that names the range, as raw JSON (contract 6.2). Under the number of a jobset are the
 * ranges that no job has.
 */
export function* rangeStatuses(view: View, { jobs }: RangeStatusesRequest): Generator<void, string, void> {
  const texts = new Map<number, string>();
  for (const { task_id: taskId, panda_id: pandaId } of jobs) {
    const entries: string[] = [];
    let after: number | undefined;
    for (;;) {
      const page = pageOf(view, taskId, pandaId, after);
      for (const { status, errorCode, errorDiag, ...range } of page) {
        const state = JSON.stringify({ status, error: errorCode, dialog: errorDiag });
        entries.push(`${JSON.stringify(rangeIdText({ ...range, taskId }))}:${state}`);
      }
      if (page.length < PAGE) break;
      after = page.at(-1)?.ordinal;
      yield;
    }
    texts.set(pandaId, `{${entries.join(',')}}`);
  }
  return `{${[...texts].map(([pandaId, text]) => `"${pandaId}":${text}`).join(',')}}`;
}

const pageOf = (view: View, taskId: number, pandaId: number, after: number | undefined): readonly EventRange[] => {
  const workload = view.task(taskId)?.workload;
  if (workload === undefined) return [];
  const jobset = view.ranges.jobset(pandaId);
  if (jobset !== undefined) return jobset.workload === workload ? view.ranges.unacquired(jobset, after, PAGE) : [];
  return view.ranges.ofJob(workload, pandaId, after, PAGE);
};
