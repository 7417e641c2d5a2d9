import { randomUUID } from 'node:crypto';
import { Embedded } from '../embedded.js';
import { askPanda, PANDA_VARIABLES } from '../panda-api.js';
import type { Settings } from '../settings.js';
import { figure, type Row } from '../table.js';

/** Event ranges of one job. */
const SMALL = 10_000;
const LARGE = 1_000_000;
/** Of these, how many are acquired and reported. */
const TAKEN = 100_000;
/** As many as harvester asks for at once. */
const ACQUIRED_AT_ONCE = 5_000;

const READY_MS = 120_000;
const POLL_MS = 100;
/** Rounds differ by that much on one machine. */
const PACE_SHARE_MIN = 0.9;

interface Answer<Data> {
  readonly success: boolean;
  readonly message: string;
  readonly data: Data;
}

const answer = async <Data>(cairn: Embedded, path: string, body?: object): Promise<Data> => {
  const { success, message, data } = (await askPanda(cairn, path, body)) as Answer<Data>;
  if (!success) throw new Error(`${path}: ${message}`);
  return data;
};

interface Acquired {
  readonly eventRanges: readonly { readonly eventRangeID: string }[];
}

interface Job {
  readonly PandaID: number;
  readonly jobsetID: number;
  readonly taskID: number;
}

/** A running job that has so many event ranges. */
const jobWith = async (cairn: Embedded, ranges: number): Promise<Job> => {
  const name = `user.bench.${randomUUID()}`;
  const task_parameters = {
    ...{ taskName: name, vo: 'wlcg', prodSourceLabel: 'user', processingType: 'panda-client', architecture: '' },
    ...{ transUses: '', transHome: '', transPath: 'https://host/trf/user/runGen-00-00-02', skipScout: true },
    ...{ nFilesPerJob: 1, nEventsPerFile: ranges, nEventsPerWorker: 1 },
    jobParameters: [
      {
        type: 'template',
        param_type: 'input',
        value: '-i ${IN}',
        dataset: name,
        files: [{ lfn: 'a', events: ranges }],
      },
    ],
  };
  const task_id = await answer<number>(cairn, 'task/submit', { task_parameters });
  const untilMs = performance.now() + READY_MS;
  for (;;) {
    const acquired = (await askPanda(cairn, 'pilot/acquire_jobs', {
      ...{ site_name: 'LOCAL', prod_source_label: 'user', task_id },
    })) as Answer<{ readonly jobs: readonly Job[] } | null>;
    const job = acquired.data?.jobs[0];
    if (job !== undefined) {
      await askPanda(cairn, 'pilot/update_job', { job_id: job.PandaID, job_status: 'running' });
      return job;
    }
    if (performance.now() > untilMs) throw new Error(`no job with ${ranges} event ranges after ${READY_MS} ms`);
    await new Promise((wait) => setTimeout(wait, POLL_MS));
  }
};

/** Acquires and reports ranges of a job. @returns seconds of each for one range */
const work = async (cairn: Embedded, { PandaID, jobsetID, taskID }: Job, count: number): Promise<[number, number]> => {
  const of = { job_id: PandaID, jobset_id: jobsetID, task_id: taskID, n_ranges: ACQUIRED_AT_ONCE };
  let [acquiringMs, reportingMs] = [0, 0];
  for (let taken = 0; taken < count; taken += ACQUIRED_AT_ONCE) {
    const startMs = performance.now();
    const { eventRanges } = await answer<Acquired>(cairn, 'event/acquire_event_ranges', of);
    const acquiredMs = performance.now();
    if (eventRanges.length !== ACQUIRED_AT_ONCE) throw new Error(`${eventRanges.length} ranges were acquired`);
    const reports = eventRanges.map(({ eventRangeID }) => ({ eventRangeID, eventStatus: 'finished' }));
    const { Returns } = await answer<{ readonly Returns: readonly unknown[] }>(cairn, 'event/update_event_ranges', {
      event_ranges: JSON.stringify(reports),
    });
    if (Returns.some((stored) => stored !== true)) throw new Error('a report was not stored');
    acquiringMs += acquiredMs - startMs;
    reportingMs += performance.now() - acquiredMs;
  }
  return [acquiringMs / count / 1_000, reportingMs / count / 1_000];
};

const row = (what: string, small: number, large: number): Row => {
  const share = small / large;
  return {
    what: `PanDA: ${what} 100,000 of a job's 1,000,000 event ranges`,
    figure: `${figure(large * TAKEN, 's')}, ${figure(1 / large, 'ranges/s')}, ${Math.round(share * 100)} % of the pace with 10,000`,
    reach: 'no slower than with 10,000',
    isMet: share >= PACE_SHARE_MIN,
  };
};

/** Event ranges of a large task, as harvester takes and reports them. */
export const eventRanges = async ({ environment }: Settings): Promise<readonly Row[]> => {
  const cairn = new Embedded({ ...environment, ...PANDA_VARIABLES });
  try {
    await cairn.start();
    const [smallAcquired, smallReported] = await work(cairn, await jobWith(cairn, SMALL), SMALL);
    const [acquired, reported] = await work(cairn, await jobWith(cairn, LARGE), TAKEN);
    return [row('acquire', smallAcquired, acquired), row('report', smallReported, reported)];
  } finally {
    await cairn.remove();
  }
};
