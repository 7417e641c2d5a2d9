import type { JobFile, JobFilesAdded } from '#contracts/panda/events.js';
import type { JobTemplate } from '#contracts/panda/template.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { copyJob } from '../generate/copy-job.js';
import { Numbers } from '../generate/numbers.js';
import type { Job, PandaView, Task } from '../view.js';
import { FLAVOURS } from './flavour.js';

/** Contract 9.4. */
const PRIORITY = 5_000;

/** Contract 5.5: attempts behind the first. */
const FURTHER_ATTEMPTS = 3;

/** Files in one event: with names of any length they fit its size limit. */
const FILES_PER_EVENT = 50;

const UNDEFINED = 'UnDefined';

interface Created {
  readonly pandaId: number;
  readonly events: readonly DecidedEvent[];
}

/** The job that merges what the consumers of a jobset have stored (contract 5.3, 5.5 `esmergeSpec`). */
export const mergeJob = (view: PandaView, consumer: Job, task: Task, timeMicros: number): Created => {
  const template = JSON.parse(view.taskText(task, 'template') ?? '{}') as Partial<JobTemplate>;
  const { transPath, jobParameters } = template.es_merge ?? {};
  const attemptNr = consumer.attributes.attemptNr ?? 0;
  const tokens = (consumer.attributes.specialHandling ?? '').split(',');
  const set = {
    eventService: FLAVOURS.merge,
    specialHandling: ['esmerge', ...tokens.filter((token) => token !== '' && token !== 'eventservice')].join(','),
    transformation: typeof transPath === 'string' ? transPath : UNDEFINED,
    currentPriority: PRIORITY,
    assignedPriority: PRIORITY,
    attemptNr,
    maxAttempt: attemptNr + FURTHER_ATTEMPTS,
  };
  const numbers = new Numbers(view);
  const command = typeof jobParameters === 'string' ? jobParameters : UNDEFINED;
  const copy = copyJob(view, consumer, task, { kind: 'merge', template: command, set }, timeMicros, numbers);
  return { ...copy, events: [...copy.events, ...premerged(view, consumer, task, numbers)] };
};

/** The files that consumers have reported are inputs of the merge job too. */
const premerged = (view: PandaView, consumer: Job, task: Task, numbers: Numbers): DecidedEvent[] => {
  const consumers = view.jobsOfJobset(consumer.attributes.jobsetID ?? 0);
  const files = consumers.flatMap(({ pandaId }) =>
    view.ranges.zipsOf(pandaId).map(({ lfn, object_store, fsize, checksum }): JobFile => ({
      ...{ row_ID: numbers.take('row'), type: 'input', lfn, status: 'ready', destinationSE: object_store },
      ...(fsize !== undefined && { fsize }),
      ...(checksum !== undefined && { checksum }),
    })),
  );
  const ordinal = task.nextOrdinal;
  const events: DecidedEvent[] = [];
  for (let at = 0; at < files.length; at += FILES_PER_EVENT) {
    const data: JobFilesAdded = {
      units: [[ordinal, ordinal]],
      files: files.slice(at, at + FILES_PER_EVENT),
      takes: [],
    };
    events.push({ stream: task.stream, type: 'JobFilesAdded', data });
  }
  return events;
};
