import type { Filters } from '#contracts/torc/documents.js';
import type { JobStatus } from '#contracts/torc/statuses.js';
import { arrayStatement } from '#event-sourcing/array-statement.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import type { UnitKey } from '../../engine/unit.js';
import { keyOf, lastKeyOf, ordinalOfKey } from '../../workload/member-key.js';
import { codeOf } from '../collection-code.js';
import type { IndexedFilter, ListEntry, ListSource } from '../lists.js';
import type { TorcReader } from '../sqlite-view.js';
import { TORC } from '../streams.js';
import type { Job, Workflow } from '../view.js';
import { jobDocument } from './job-document.js';

type KeyRow = readonly [key: UnitKey];

const statementsOn = perConnection((database) => ({
  selectSkipped: arrayStatement<KeyRow>(
    database,
    'SELECT unit FROM torc_job WHERE unit > ? ORDER BY unit LIMIT 1 OFFSET ?',
  ),
  selectOfStatus: arrayStatement<KeyRow>(
    database,
    'SELECT key FROM unit WHERE status = ? AND key > ? AND key <= ? ORDER BY key LIMIT ?',
  ),
}));

const JOBS = codeOf('jobs');

/** The jobs of a workflow. The engine's index serves the filter by status. */
export const jobSource = ({ reader, jobRows: jobs, counts }: TorcReader, workflow: Workflow): ListSource => {
  const { workload } = workflow;
  const { selectSkipped, selectOfStatus } = statementsOn(reader.database);
  const entryOf = (job: Job): ListEntry => ({ ordinal: job.ordinal, text: jobDocument(job, workflow) });
  return {
    total: counts.total(workload, JOBS),
    startOf: (skip) => {
      const start = counts.startOf(workload, JOBS, skip);
      if (start.skip === 0) return start;
      const last = selectSkipped.get(keyOf(workload, Math.max(0, start.after)), start.skip - 1);
      return { after: last === undefined ? start.after : ordinalOfKey(last[0]), skip: 0 };
    },
    after: (ordinal, limit) => jobs.after(workflow, Math.max(0, ordinal), limit).map(entryOf),
    at: (ordinal) => {
      const job = jobs.jobAt(workflow, ordinal);
      return job && entryOf(job);
    },
    indexed: (filters: Filters): IndexedFilter | undefined => {
      const { _key: key, ...restOfKey } = filters;
      if (key !== undefined) {
        const found = jobs.job(workflow, JSON.parse(key) as string);
        return { rest: restOfKey, after: (ordinal) => (found && found.ordinal > ordinal ? [found.ordinal] : []) };
      }
      const { status, ...rest } = filters;
      if (status === undefined) return undefined;
      // A status with several outcomes has several ids.
      const statuses = reader.words.status.findAll(TORC, [JSON.parse(status) as string]);
      return {
        rest,
        total: jobs.countOfStatus(workflow, JSON.parse(status) as JobStatus),
        after: (ordinal, limit) => {
          const from = keyOf(workload, Math.max(0, ordinal));
          const keys = statuses.flatMap((id) =>
            selectOfStatus.all(id, from, lastKeyOf(workload), limit).map(([key]) => key),
          );
          return (statuses.length > 1 ? keys.sort((a, b) => a - b).slice(0, limit) : keys).map(ordinalOfKey);
        },
      };
    },
  };
};
