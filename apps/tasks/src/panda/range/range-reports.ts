import type { RangeReport, RangesReported, RangeZip } from '#contracts/panda/range-events.js';
import { rangesOf } from '#contracts/ranges.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { JobChanges } from '../job-changes.js';
import type { Job } from '../view.js';
import type { EventRange } from './range-view.js';
import type { ReportedItem } from './reported-item.js';

/** Characters of the reports of one event: however they are encoded, they fit its size limit of 256 KiB. */
const CHARACTERS_PER_EVENT = 60_000;
/** Ranges of ordinals in one report. */
const PAIRS_PER_REPORT = 2_000;

interface Alike {
  readonly outcome: Omit<RangeReport, 'ranges' | 'zip'>;
  readonly zip: RangeZip | undefined;
  readonly ordinals: number[];
}

interface OfJob {
  readonly job: Job;
  readonly alike: Map<string, Alike>;
  cpuSeconds: number;
  cores: number | undefined;
}

/** Collects reports about ranges. Those of one job that say the same are together. */
export class RangeReports {
  private readonly jobs = new Map<number, OfJob>();
  private readonly reported = new Set<number>();

  /** The job is alive. */
  touch(job: Job): OfJob {
    let ofJob = this.jobs.get(job.pandaId);
    if (ofJob === undefined) {
      ofJob = { job, alike: new Map<string, Alike>(), cpuSeconds: 0, cores: undefined };
      this.jobs.set(job.pandaId, ofJob);
    }
    return ofJob;
  }

  /** A range that was added before is not added again. */
  add(job: Job, { ordinal }: EventRange, { outcome, zip, cpuSeconds, cores }: ReportedItem): void {
    if (outcome === undefined || this.reported.has(ordinal)) return;
    this.reported.add(ordinal);
    const ofJob = this.touch(job);
    ofJob.cpuSeconds += cpuSeconds;
    ofJob.cores = cores ?? ofJob.cores;
    const key = JSON.stringify([outcome, zip]);
    const alike = ofJob.alike.get(key);
    if (alike === undefined) ofJob.alike.set(key, { outcome, zip, ordinals: [ordinal] });
    else alike.ordinals.push(ordinal);
  }

  events(): DecidedEvent[] {
    const changes = new JobChanges();
    const events = [...this.jobs.values()].flatMap((ofJob) => {
      const { job, cpuSeconds, cores } = ofJob;
      const set: JobAttributes = {
        ...(cpuSeconds > 0 && { cpuConsumptionTime: (job.attributes.cpuConsumptionTime ?? 0) + cpuSeconds }),
        ...(cores !== undefined && { actualCoreCount: cores }),
      };
      changes.add(job.home.stream, job.ordinal, 'JobsAmended', { set, kind: 'heartbeat' });
      return reportsOf(ofJob);
    });
    return [...events, ...changes.events()];
  }
}

const reportsOf = ({ job, alike }: OfJob): DecidedEvent[] => {
  const events: DecidedEvent[] = [];
  let [reports, zips, characters]: [RangeReport[], RangeZip[], number] = [[], [], 0];
  const close = (): void => {
    if (reports.length === 0) return;
    const data: RangesReported = {
      ...{ panda_id: job.pandaId, units: [[job.ordinal, job.ordinal]], reports },
      ...(zips.length > 0 && { zips }),
    };
    events.push({ stream: job.home.stream, type: 'RangesReported', data });
    [reports, zips, characters] = [[], [], 0];
  };
  for (const { outcome, zip, ordinals } of alike.values()) {
    for (const ranges of inParts(ordinals)) {
      const length = JSON.stringify([ranges, outcome, zip]).length;
      if (characters + length > CHARACTERS_PER_EVENT) close();
      characters += length;
      const place = zip === undefined ? undefined : zips.push(zip) - 1;
      reports.push({ ranges, ...outcome, ...(place !== undefined && { zip: place }) });
    }
  }
  close();
  return events;
};

const inParts = (ordinals: readonly number[]): RangeReport['ranges'][] => {
  const ranges = rangesOf(ordinals);
  const parts: RangeReport['ranges'][] = [];
  for (let at = 0; at < ranges.length; at += PAIRS_PER_REPORT) parts.push(ranges.slice(at, at + PAIRS_PER_REPORT));
  return parts;
};
