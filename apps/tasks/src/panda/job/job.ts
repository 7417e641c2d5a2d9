import type { EndedFile, JobEnd, JobFile, PandaEvents, PandaUnitEvents, ReportedEnd } from '#contracts/panda/events.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { JobStatus } from '#contracts/panda/statuses.js';
import type { EventOf } from '#event-sourcing/event-of.js';
import type { TaskView } from '../view.js';

/** What the tables keep of a job, besides what it was made with. */
export interface JobRecord {
  readonly status: JobStatus;
  /** The final status that a pilot has reported, while the job waits for the adder. */
  readonly reported: ReportedEnd | null;
  /** The output report that came with it, unless it is a text of its own. */
  readonly report: string | null;
  /** What a rule did about its failure. */
  readonly measure: string | null;
  /** Attributes that events have set, and those in which it differed from other jobs from the start. */
  readonly own: JobAttributes;
  /** Microseconds since the Unix epoch: of the last change of status, and of the last event. */
  readonly changedMicros: number;
  readonly modifiedMicros: number;
}

type Changes = PandaUnitEvents & Pick<PandaEvents, 'JobsAmended' | 'JobsPrioritized' | 'JobsPlaced'>;

/** An event that changes jobs which exist. */
export type JobEvent = EventOf<Changes>;

/** How a job ends, where the event says that it does. */
export const endOf = ({ data }: JobEvent): JobEnd | undefined => ('end' in data ? data.end : undefined);

/** The job after an event: the only place where events change jobs. */
export const evolveJob = (job: JobRecord, event: JobEvent, timeMicros: number): JobRecord => {
  const touched = { ...job, modifiedMicros: timeMicros };
  const moved = (status: string, set: JobAttributes): JobRecord => ({
    ...touched,
    // Only the deciders of this service write these events, with words of the status table.
    status: status as JobStatus,
    changedMicros: status === job.status ? job.changedMicros : timeMicros,
    reported: null,
    report: null,
    own: { ...job.own, ...set },
  });
  switch (event.type) {
    case 'UnitsClaimed':
      return moved(event.data.status, { computingSite: event.data.site, ...event.data.set });
    case 'UnitStarted':
      return moved(event.data.status, event.data.set);
    case 'UnitsMoved': {
      const { status, set = {}, final = null, report = null, end } = event.data;
      return { ...moved(status, { ...set, ...end?.set }), reported: final, report };
    }
    case 'UnitSucceeded':
      return moved(event.data.status, event.data.end.set);
    case 'UnitFailed': {
      const { status, end, measure = null } = event.data;
      return { ...moved(status, end.set), measure };
    }
    case 'JobsAmended':
      return { ...touched, own: { ...job.own, ...event.data.set } };
    case 'JobsPrioritized':
      return { ...touched, own: { ...job.own, currentPriority: event.data.priority } };
    case 'JobsPlaced': {
      const { site, set } = event.data;
      return { ...touched, own: { ...job.own, ...(site !== undefined && { computingSite: site }), ...set } };
    }
  }
};

/** The files of a job after its end: without a word about it, an input stays what it is, an output becomes what the job is. */
export const endedFiles = (files: readonly JobFile[], status: JobStatus, end: JobEnd): readonly JobFile[] => {
  const told = new Map(end.files?.map((file) => [file.row_ID, file]));
  const except = new Map(end.except?.map(({ file_id, inputs }) => [file_id, inputs]));
  return files.map((file) => {
    const facts = told.get(file.row_ID);
    if (facts !== undefined) return { ...file, ...factsOf(facts) };
    if (isOutput(file)) return { ...file, status: status === 'finished' ? 'finished' : 'failed' };
    const outcome = file.fileID === undefined ? undefined : except.get(file.fileID);
    return outcome === 'skipped' || outcome === 'failed' ? { ...file, status: outcome } : file;
  });
};

export const isOutput = ({ type }: JobFile): boolean => type === 'output' || type === 'log';

/** Whether the output may be missing in the end: its dataset says so (`an`, contract 3.2). */
export const isOptional = (view: Pick<TaskView, 'dataset'>, { datasetID }: JobFile): boolean =>
  datasetID !== undefined && (view.dataset(datasetID)?.attributes.split(',').includes('an') ?? false);

const factsOf = ({ status, fsize, checksum, GUID }: EndedFile): Partial<JobFile> => ({
  status,
  ...(fsize !== undefined && { fsize }),
  ...(checksum !== undefined && { checksum }),
  ...(GUID !== undefined && { GUID }),
});
