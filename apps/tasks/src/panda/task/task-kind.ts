import type { DatabaseSync } from 'node:sqlite';
import type { JobsCreated, PandaEvents } from '#contracts/panda/events.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import { TASK_STATUSES, type TaskStatus } from '#contracts/panda/statuses.js';
import type { TaskAttributes } from '#contracts/panda/task-attributes.js';
import { arrayStatement } from '#event-sourcing/array-statement.js';
import type { EventOf } from '#event-sourcing/event-of.js';
import type { Phase } from '../../engine/phase.js';
import type { UnitKey } from '../../engine/unit.js';
import { type Progress, stateByUnits, type WorkloadFacts, type WorkloadKind } from '../../workload/workload-kind.js';
import { errorText } from '../job/job-errors.js';
import { DATASET_TYPES } from '../file/file-words.js';
import { taskIdOf } from '../streams.js';

type TaskEvents = Pick<PandaEvents, 'TaskSubmitted' | 'TaskMoved' | 'TaskAmended' | 'JobsCreated'>;

/** Those about files change the progress. */
const EVENT_TYPES: readonly (keyof PandaEvents)[] = [
  ...(['TaskSubmitted', 'TaskMoved', 'TaskAmended', 'JobsCreated'] as const satisfies readonly (keyof TaskEvents)[]),
  ...(['DatasetsAdded', 'DatasetsMoved', 'FilesAdded', 'FilesReopened', 'FilesAmended', 'JobFilesAdded'] as const),
];

/** What the statuses of tasks mean (PanDA contract 4.1.1). */
const PHASES: Readonly<Record<TaskStatus, Phase>> = {
  ...{ registered: 'ready', topreprocess: 'ready', preprocessing: 'running', defined: 'ready', staging: 'blocked' },
  ...{ staged: 'ready', assigning: 'ready', ready: 'ready', pending: 'blocked', scouting: 'running' },
  ...{ scouted: 'running', running: 'running', throttled: 'held', merging: 'running', prepared: 'running' },
  ...{ done: 'succeeded', finished: 'succeeded', failed: 'failed', aborting: 'cancelled', toabort: 'cancelled' },
  ...{ aborted: 'cancelled', finishing: 'running', passed: 'running', tobroken: 'failed', broken: 'failed' },
  ...{ exhausted: 'failed', paused: 'held', toretry: 'ready', toincexec: 'ready', rerefine: 'ready' },
  ...{ toreassign: 'ready', reassigning: 'ready' },
};

const isTaskStatus = (word: string): word is TaskStatus => (TASK_STATUSES as readonly string[]).includes(word);

const factsOf = ({ taskName, userName }: TaskAttributes): Partial<WorkloadFacts> => ({
  ...(typeof taskName === 'string' && { name: taskName }),
  ...(typeof userName === 'string' && { owner: userName }),
});

const ofSubmission = ({ common, jobs }: JobsCreated): WorkloadFacts => {
  const { prodUserName: owner, jobName: name } = { ...jobs[0]?.set, ...common };
  return { name: name ?? '', owner: owner ?? '', status: '', expected: 0, isTruncated: false };
};

/** Types of the datasets that say how much there is to do; others go along with them. */
const MASTER_TYPES = DATASET_TYPES.indexOf('random_seed');

/** Files of a task's master inputs: all, and those that are finished. Undefined for a task without inputs. */
const filesOn = (database: DatabaseSync): ((name: string) => Progress | undefined) => {
  const select = arrayStatement<readonly [total: number | null, done: number | null]>(
    database,
    `SELECT sum(files), sum(finished) FROM panda_dataset WHERE task = ? AND master IS NULL AND type < ${MASTER_TYPES}`,
  );
  return (name) => {
    const task = taskIdOf(name);
    if (task === undefined) return undefined;
    const [total, done] = select.get(task) ?? [null, null];
    return total === null || total === 0 ? undefined : { total, done: done ?? 0 };
  };
};

/** Attributes that a job has of its own, beside those that it was made with together with others. */
const attributesOn = (database: DatabaseSync): ((key: UnitKey) => JobAttributes) => {
  const select = arrayStatement<readonly [attributes: string]>(database, 'SELECT own FROM panda_job WHERE key = ?');
  return (key) => JSON.parse(select.get(key)?.[0] ?? '{}') as JobAttributes;
};

/** Tasks in lists of all workloads, and jobs that were submitted together without one. */
export const taskKind: WorkloadKind = {
  eventTypes: EVENT_TYPES,
  readers: 'everyone',
  changeOf: ({ type, data }) => {
    // Only the deciders of this service write these events, so that their types are known.
    const event = { type, data } as object as EventOf<TaskEvents>;
    switch (event.type) {
      case 'TaskSubmitted': {
        const facts = {
          name: '',
          owner: '',
          status: 'registered',
          expected: 0,
          isTruncated: false,
          ...factsOf(event.data.set),
        };
        return { what: 'created', facts };
      }
      case 'TaskMoved':
        return { what: 'changed', facts: { status: event.data.status, ...factsOf(event.data.set ?? {}) } };
      case 'TaskAmended':
        return { what: 'changed', facts: factsOf(event.data.set) };
      case 'JobsCreated':
        return taskIdOf(event.data.workload_id) === undefined
          ? { what: 'created', facts: ofSubmission(event.data) }
          : undefined;
      default:
        return undefined;
    }
  },
  stateOf: ({ status }, units) =>
    status === '' ? stateByUnits(units) : { status, phase: isTaskStatus(status) ? PHASES[status] : 'held' },
  progressOn: filesOn,
  failureReasonOn: (database) => {
    const attributesOf = attributesOn(database);
    // What the pilot has reported before counts as well.
    return (key) => errorText(attributesOf(key)) || undefined;
  },
  workersOn: (database) => {
    const attributesOf = attributesOn(database);
    return (key) => {
      const { pilotID: pilot, modificationHost: host } = attributesOf(key);
      return { ...(typeof pilot === 'string' && { worker_id: pilot }), ...(typeof host === 'string' && { host }) };
    };
  },
};
