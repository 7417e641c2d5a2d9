import type { JobFile, JobFilesAdded, JobsCreated, NewJob } from '#contracts/panda/events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { Home } from '../view.js';

/** What all jobs of an event have in common. */
export type AlikeJobs = Omit<JobsCreated, 'units' | 'workload_id' | 'jobs'>;

/** Characters of one event's jobs: however they are escaped and encoded, they fit its size limit of 256 KiB. */
const CHARACTERS_PER_EVENT = 60_000;
/** Files of one event about one job. */
const FILES_PER_EVENT = 100;

/** Events that create jobs of one home, with ordinals that follow each other. One object per change. */
export class JobEvents {
  readonly events: DecidedEvent[] = [];
  private ordinal: number;

  constructor(private readonly home: Home) {
    this.ordinal = home.nextOrdinal;
  }

  add(alike: AlikeJobs, jobs: readonly NewJob[]): void {
    let together: NewJob[] = [];
    let characters = 0;
    for (const job of jobs) {
      const begun = withFiles(job, 0);
      const length = lengthOf(begun);
      if (together.length > 0 && characters + length > CHARACTERS_PER_EVENT) {
        this.create(alike, together);
        [together, characters] = [[], 0];
      }
      together.push(begun);
      characters += length;
      if (begun.files.length === job.files.length && begun.takes.length === job.takes.length) continue;
      this.create(alike, together);
      [together, characters] = [[], 0];
      this.addFilesOf(job);
    }
    if (together.length > 0) this.create(alike, together);
  }

  private create(alike: AlikeJobs, jobs: readonly NewJob[]): void {
    const first = this.ordinal;
    this.ordinal += jobs.length;
    const data: JobsCreated = { units: [[first, this.ordinal - 1]], workload_id: this.home.name, ...alike, jobs };
    this.events.push({ stream: this.home.stream, type: 'JobsCreated', data });
  }

  /** The files of the job that was created last which had no place in that event. */
  private addFilesOf(job: NewJob): void {
    const ordinal = this.ordinal - 1;
    const count = Math.max(job.files.length, job.takes.length);
    for (let at = FILES_PER_EVENT; at < count; at += FILES_PER_EVENT) {
      const data: JobFilesAdded = { units: [[ordinal, ordinal]], ...partOf(job, at) };
      this.events.push({ stream: this.home.stream, type: 'JobFilesAdded', data });
    }
  }
}

/** About what surrounds the texts of a job and of a file in an event. */
const JOB_OVERHEAD = 150;
const FILE_OVERHEAD = 180;

/** Characters of a job in an event, without making its text: jobs are many. */
const lengthOf = ({ set, files }: NewJob): number => {
  const texts = [set.jobName, set.jobParameters];
  for (const { lfn, dataset, destinationDBlock, prodDBlock } of files)
    texts.push(lfn, dataset, destinationDBlock, prodDBlock);
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), JOB_OVERHEAD + files.length * FILE_OVERHEAD);
};

const withFiles = (job: NewJob, at: number): NewJob => ({ ...job, ...partOf(job, at) });

const partOf = (
  { files, takes }: NewJob,
  at: number,
): { readonly files: readonly JobFile[]; readonly takes: readonly number[] } => ({
  files: files.slice(at, at + FILES_PER_EVENT),
  takes: takes.slice(at, at + FILES_PER_EVENT),
});
