import { eventually } from '#platform/testing/eventually.js';
import { type PandaClient, type Envelope, ok } from './panda-client.js';
import { taskParameters } from './task-parameters.js';

/** Members of a job's dictionary that the suites read (PanDA contract 4.2.3). */
export interface PilotJob {
  readonly PandaID: number;
  readonly taskID: number;
  readonly attemptNr: number;
  readonly outFiles: string;
  readonly logFile: string;
}

let made = 0;

/** A name that no other task has. */
export const newTaskName = (): string => `user.demo.t${(made += 1)}`;

/** Submits the document of the contract; resolves with the task's ID. */
export const submitTask = async (
  client: PandaClient,
  more: Parameters<typeof taskParameters>[1] = {},
  taskName = newTaskName(),
): Promise<number> => {
  const answer = await client.post('task/submit', {
    task_parameters: taskParameters(taskName, more),
    parent_tid: null,
  });
  const id = Number(/^succeeded\. new jediTaskID=(\d+)$/.exec(answer.message)?.[1]);
  expect(answer).toEqual(ok(id, `succeeded. new jediTaskID=${id}`));
  return id;
};

export const statusOf = async (client: PandaClient, task_id: number): Promise<unknown> =>
  (await client.get('task/get_status', { task_id })).data;

/** Waits until a task has a status. */
export const taskIs = (client: PandaClient, task_id: number, status: string): Promise<unknown> =>
  eventually(() => statusOf(client, task_id), status);

/** Waits until a job has a status. */
export const jobIs = (client: PandaClient, job_ids: readonly number[], status: string): Promise<Envelope> =>
  eventually(
    () => client.get('job/get_status', { job_ids }),
    ok(job_ids.map(() => expect.objectContaining({ status }) as unknown)),
  );

/** Asks for jobs of a task until there are so many. */
export const acquire = async (client: PandaClient, task_id: number, count: number): Promise<readonly PilotJob[]> => {
  const jobs: PilotJob[] = [];
  await eventually(async () => {
    const { data } = await client.post('pilot/acquire_jobs', {
      ...{ site_name: 'SITE_A', prod_source_label: 'user', computing_element: 'SITE_A', node: 'wn1' },
      ...{ n_jobs: count - jobs.length, task_id },
    });
    jobs.push(...((data as { jobs: readonly PilotJob[] } | null)?.jobs ?? []));
    return jobs.length;
  }, count);
  return jobs;
};

/** The report of a job that has made all its files (PanDA contract 4.2.5). */
export const outputReport = ({ outFiles }: Pick<PilotJob, 'outFiles'>): string =>
  JSON.stringify(
    Object.fromEntries(
      outFiles
        .split(',')
        .map((lfn, index) => [
          lfn,
          { guid: `AAAA-0${index}`, fsize: 1024, adler32: '0a1b2c3d', surl: 'file:///x', endpoint: 'SITE_A_SCRATCH' },
        ]),
    ),
  );

export const NULL_COMMAND = { StatusCode: 0, command: 'NULL' };

/** Reports a job as finished. */
export const finish = (client: PandaClient, job: PilotJob): Promise<Envelope> =>
  client.post('pilot/update_job', {
    ...{ job_id: job.PandaID, job_status: 'finished', attempt_nr: job.attemptNr },
    job_output_report: outputReport(job),
  });

export const fail = (client: PandaClient, job: PilotJob): Promise<Envelope> =>
  client.post('pilot/update_job', {
    ...{ job_id: job.PandaID, job_status: 'failed', attempt_nr: job.attemptNr },
    ...{ pilot_error_code: 1305, pilot_error_diag: 'the payload failed' },
  });
