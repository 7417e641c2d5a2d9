import { DomainError } from '#platform/domain-error.js';
import { valueInSlices } from '#contracts/json-in-slices.js';
import { type ReportRangesReply, type ReportRangesRequest, type ReportVersion } from '#contracts/panda/ranges.js';
import { isFinalJob, type JobStatus, type RangeStatus } from '#contracts/panda/statuses.js';
import type { SlicedDecision } from '#event-sourcing/command.js';
import type { WorkloadId } from '../../workload/workloads.js';
import type { Job, PandaView } from '../view.js';
import { RangeReports } from './range-reports.js';
import type { EventRange, RecordRanges } from './range-view.js';
import { itemsOf, type ReportedItem } from './reported-item.js';

/** Ranges of one call; further ones are not stored (contract 5.2). */
const RANGES_MAX = 100_000;

/** Items decided at a time. */
const SLICE = 200;

const ACCEPTED: readonly JobStatus[] = ['sent', 'running', 'starting', 'transferring'];

/** Which jobs may report, and about ranges of which statuses (contract 5.2). */
const RULES: Readonly<
  Record<ReportVersion, { readonly jobs: readonly JobStatus[]; readonly ranges: readonly RangeStatus[] }>
> = {
  0: { jobs: ACCEPTED, ranges: ['sent', 'running'] },
  1: { jobs: ACCEPTED, ranges: ['sent', 'running'] },
  2: { jobs: [...ACCEPTED, 'activated'], ranges: ['sent', 'running', 'ready'] },
};

/** Records what a pilot or harvester reports about ranges (contract 5.2, D29). */
export function* reportRanges(
  view: PandaView,
  { elements, version }: ReportRangesRequest,
): SlicedDecision<ReportRangesReply> {
  const list = yield* valueInSlices(elements);
  if (!Array.isArray(list)) return new DomainError('invalid', 'panda.ranges.not-a-list', 'failed to load JSON');
  const report = new Report(view, version);
  const returns: (boolean | null)[] = [];
  for (const element of list as readonly unknown[]) {
    for (const item of itemsOf(element, version)) {
      returns.push(returns.length < RANGES_MAX ? report.add(item) : null);
      if (returns.length % SLICE === 0) yield;
    }
  }
  const isUnknown = list.length === 1 && report.unknown > 0;
  return {
    events: report.events(),
    reply: { returns, commands: Object.fromEntries(report.commands), ...(isUnknown && { is_unknown: true }) },
  };
}

interface CutRecords {
  readonly workload: WorkloadId | undefined;
  readonly records: readonly RecordRanges[];
}

/** One call, item by item. */
class Report {
  readonly commands = new Map<string, string | null>();
  /** How many items name no range that was ever cut. */
  unknown = 0;
  private readonly reports = new RangeReports();
  private readonly jobs = new Map<number, Job | undefined>();
  private readonly records = new Map<string, CutRecords>();

  constructor(
    private readonly view: PandaView,
    private readonly version: ReportVersion,
  ) {}

  /** Whether the item is stored, or was before; null for what is not stored by design. */
  add(item: ReportedItem | undefined): boolean | null {
    const range = item && this.find(item);
    if (range === undefined) this.unknown += 1;
    if (item === undefined) return false;
    const { id, outcome } = item;
    const named = this.job(id.pandaId);
    const jobset = named === undefined && this.version === 2 ? this.view.ranges.jobset(id.pandaId) : undefined;
    const isUnknown = jobset === undefined && (named === undefined || isFinalJob(named.status));
    this.commands.set(String(id.pandaId), isUnknown ? 'tobekilled' : commandOf(named));
    if (isUnknown || (named !== undefined && !this.mayReport(named))) return false;
    const job = named ?? this.jobOf(range, id.pandaId);
    if (job === undefined || !this.mayReport(job) || job.taskId !== id.taskId) return false;
    if (outcome === undefined) {
      this.reports.touch(job);
      return null;
    }
    if (range === undefined) return false;
    if (this.isOpen(range, item, job)) this.reports.add(job, range, item);
    return true;
  }

  events(): ReturnType<RangeReports['events']> {
    return this.reports.events();
  }

  private mayReport({ status }: Job): boolean {
    return RULES[this.version].jobs.includes(status);
  }

  /** Whether the report is the first about the attempt of the range that it names. */
  private isOpen(range: EventRange, { id }: ReportedItem, job: Job): boolean {
    if (range.attemptNr !== id.attemptNr || !RULES[this.version].ranges.includes(range.status)) return false;
    if (range.pandaId === id.pandaId) return true;
    if (this.version !== 2) return false;
    return range.status === 'ready' ? range.jobsetId === job.attributes.jobsetID : range.jobsetId === id.pandaId;
  }

  /** The job for which a range is reported that names its jobset. */
  private jobOf(range: EventRange | undefined, jobsetId: number): Job | undefined {
    const acquirer = range === undefined || range.pandaId === jobsetId ? undefined : this.job(range.pandaId);
    if (acquirer !== undefined) return acquirer;
    const state = this.view
      .jobsOfJobset(jobsetId)
      .find(({ kind, status }) => kind !== 'merge' && RULES[this.version].jobs.includes(status));
    return state && this.job(state.pandaId);
  }

  private job(pandaId: number): Job | undefined {
    if (!this.jobs.has(pandaId)) this.jobs.set(pandaId, this.view.job(pandaId));
    return this.jobs.get(pandaId);
  }

  /** The range that an item names: that of its job or jobset, or else the newest one of these events. */
  private find({ id: { taskId, pandaId, fileId, processId } }: ReportedItem): EventRange | undefined {
    const { workload, records } = this.recordsOf(taskId, fileId);
    if (workload === undefined) return undefined;
    let newest: EventRange | undefined;
    for (const record of records) {
      const k = (processId - record.firstEvent) / record.size;
      if (k < 0 || processId > record.lastEvent || !Number.isInteger(k)) continue;
      const range = this.view.ranges.at(workload, record, record.first + k);
      if (range?.pandaId === pandaId || range?.jobsetId === pandaId) return range;
      newest ??= range;
    }
    return newest;
  }

  private recordsOf(taskId: number, fileId: number): CutRecords {
    const name = `${taskId}-${fileId}`;
    const known = this.records.get(name);
    if (known !== undefined) return known;
    const workload = this.view.task(taskId)?.workload;
    const records = workload === undefined ? [] : this.view.ranges.recordsOf(workload, fileId);
    const found = { workload, records };
    this.records.set(name, found);
    return found;
  }
}

/** What a pilot is told to do besides. */
const commandOf = (job: Job | undefined): string | null => {
  const command = job?.attributes.commandToPilot ?? '';
  return ['tobekilled', 'softkill'].find((word) => command.includes(word)) ?? null;
};
