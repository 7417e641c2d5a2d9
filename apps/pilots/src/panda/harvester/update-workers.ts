import type { Nothing } from '#bus/contract.js';
import { isFinalWorker } from '#contracts/panda/statuses.js';
import type { HarvesterEvents, WorkerField, WorkerFields, WorkerReport } from '#contracts/panda/worker-events.js';
import type { Decided, DecidedEvent } from '#event-sourcing/command.js';
import { harvesterStream } from '../streams.js';
import { cut } from './cut.js';
import type { HarvesterView, Worker } from './view.js';
import { toldWorker } from './worker-fields.js';

/** So long a final status that is stored beats every later one (contract 4.5). */
const FINAL_LASTS_MICROS = 3 * 3_600 * 1_000_000;

/** What a worker is like after it was told of, and what changes. */
const changed = (
  before: Worker | undefined,
  told: WorkerFields,
  timeMicros: number,
): Worker & { set: WorkerFields } => {
  const keepsStatus =
    before !== undefined &&
    isFinalWorker(before.fields.status ?? '') &&
    timeMicros - before.lastUpdateMicros <= FINAL_LASTS_MICROS;
  const set = Object.fromEntries(
    Object.entries(told).filter(([name, value]) => {
      return before?.fields[name as WorkerField] !== value && !(name === 'status' && keepsStatus);
    }),
  ) as WorkerFields;
  return { set, fields: { ...before?.fields, ...set }, lastUpdateMicros: timeMicros };
};

const reported = (harvesterId: string, reports: readonly WorkerReport[]): readonly DecidedEvent[] =>
  cut(reports).map((workers): DecidedEvent => {
    const data: HarvesterEvents['WorkersReported'] = { harvester_id: harvesterId, workers };
    return { stream: harvesterStream(harvesterId), type: 'WorkersReported', data };
  });

/** Workers between two places where others may get a turn. */
const SLICE_WORKERS = 50;

/**
 * Stores what harvester tells of its workers (contract 4.5), in one change. A worker may be in the list more than once: what comes later is later.
 */
export function* updateWorkers(
  view: HarvesterView,
  { harvester_id: harvesterId, workers }: { readonly harvester_id: string; readonly workers: readonly unknown[] },
  timeMicros: number,
): Generator<void, Decided<{ stored: readonly boolean[] }>, void> {
  const states = new Map<number, Worker>();
  const reports: WorkerReport[] = [];
  const stored: boolean[] = [];
  for (const worker of workers) {
    const told = toldWorker(worker);
    stored.push(told !== undefined);
    if (told !== undefined) {
      const { id, fields, jobs } = told;
      const { set, ...after } = changed(states.get(id) ?? view.worker(harvesterId, id), fields, timeMicros);
      states.set(id, after);
      reports.push({ worker_id: id, set, ...(jobs !== undefined && { jobs }) });
    }
    if (stored.length % SLICE_WORKERS === 0) yield;
  }
  return { events: reported(harvesterId, reports), reply: { stored } };
}

/**
 * A worker has got jobs by itself (contract 4.2.2): it runs, whether or not harvester has told of it. Only of a known instance it is recorded
 * which jobs they are.
 */
export const recordJobWorkers = (
  view: HarvesterView,
  request: { readonly harvester_id: string; readonly worker_id: number; readonly panda_ids: readonly number[] },
  timeMicros: number,
): Decided<Nothing> => {
  const { harvester_id: harvesterId, worker_id: id, panda_ids: jobs } = request;
  const { set } = changed(view.worker(harvesterId, id), { status: 'running', nJobs: 1 }, timeMicros);
  const report = { worker_id: id, set, ...(view.isInstance(harvesterId) && { adds_jobs: jobs }) };
  return { events: reported(harvesterId, [report]), reply: {} };
};
