import { DomainError } from '#platform/domain-error.js';
import { JOB_ATTRIBUTES, type JobAttribute } from '#contracts/panda/job-attributes.js';
import { someQueue } from '../testing/queue.js';
import { PRODUCTION, somePrincipal } from '../testing/principal.js';
import { JobStore } from '../testing/some-jobs.js';
import { placeWaiting, reassignJobs } from './reassign-jobs.js';
import { NoJob, readJob } from './serialized-job.js';
import { submitJobs } from './submit-jobs.js';

type Values = Readonly<Partial<Record<JobAttribute, unknown>>>;

/** A job as panda-client writes it: what is missing is the text `NULL`, and files have an owner slot. */
const serialized = (values: Values, files: readonly (readonly unknown[])[] = []): unknown[] => [
  ...JOB_ATTRIBUTES.map((name) => values[name] ?? 'NULL'),
  files,
];

const file = (type: string, lfn: string): readonly unknown[] => {
  const values: unknown[] = Array.from({ length: 19 }, () => 'NULL');
  [values[3], values[4], values[14], values[18]] = [lfn, type, 0, null];
  return values;
};

describe('job/submit', () => {
  const user = somePrincipal();
  const some = (values: Values = {}, ...files: (readonly unknown[])[]) =>
    readJob(serialized({ prodSourceLabel: 'user', computingSite: 'SITE_A', jobName: 'a', ...values }, files));

  it('makes jobs with what the client says, and owner, priority, share and resource type', () => {
    const jobs = new JobStore();
    const { jobs: replies } = jobs.do((view) =>
      submitJobs(
        view,
        [some({ coreCount: 2, minRamCount: '4000' }, file('input', 'in.1'), file('output', 'out.1')), some()],
        user,
      ),
    );
    expect(replies).toEqual([
      { panda_id: 1, job_definition_id: 1, jobset_id: 1, job_name: 'a' },
      { panda_id: 2, job_definition_id: 1, jobset_id: 1, job_name: 'a' },
    ]);
    const job = jobs.job(1);
    expect([job.status, job.taskId, job.home.name, job.kind]).toEqual(['activated', null, 'jobs-1', 'run']);
    expect(job.attributes).toMatchObject({
      ...{ prodUserID: user.dn, prodUserName: user.name, currentPriority: 1000, job_label: 'user', jobsetID: 1 },
      ...{ gshare: 'User Analysis', resource_type: 'MCORE', minRamCount: 4000, jobParameters: ' ', cloud: null },
      creationTime: '2025-06-01T12:00:00',
    });
    expect(job.files.map(({ row_ID, lfn, type, status }) => [row_ID, lfn, type, status])).toEqual([
      [1, 'in.1', 'input', 'ready'],
      [2, 'out.1', 'output', 'unknown'],
    ]);
    expect(jobs.view.countActiveOf(user.name)).toBe(2);
    const again = jobs.do((view) => submitJobs(view, [some()], user));
    expect(again.jobs).toMatchObject([{ panda_id: 3, job_definition_id: 2 }]);
  });

  it.each([
    [{ prodSourceLabel: 'install' }, 4100],
    [{ prodSourceLabel: 'panda', assignedPriority: 7 }, 2000],
    [{ prodSourceLabel: 'ptest', assignedPriority: 7 }, 7],
    [{ prodSourceLabel: 'user', currentPriority: 1500 }, 1500],
    [{ prodSourceLabel: 'user', currentPriority: 1400 }, 1000],
    [{ prodSourceLabel: 'user', currentPriority: 1200, specialHandling: 'ao,sj' }, 1200],
  ])('gives %j the priority %d', (values, priority) => {
    const jobs = new JobStore();
    jobs.do((view) => submitJobs(view, [some(values)], user));
    expect(jobs.job(1).attributes.currentPriority).toBe(priority);
  });

  it('lowers the priority with the jobs that a user has', () => {
    const jobs = new JobStore();
    jobs.do((view) =>
      submitJobs(
        view,
        Array.from({ length: 11 }, () => some()),
        user,
      ),
    );
    expect([1, 5, 6, 11].map((id) => jobs.job(id).attributes.currentPriority)).toEqual([1000, 1000, 999, 998]);
  });

  it('takes no word about what has happened to a job, nor of files of tasks', () => {
    const jobs = new JobStore();
    const values = {
      PandaID: 77,
      jobStatus: 'finished',
      jediTaskID: 10_000_001,
      pilotErrorCode: 3,
      prodUserName: 'Else',
    };
    const ofServer = [...file('output', 'o').slice(0, 18), 10_000_001, 5, 6, 1, null];
    jobs.do((view) => submitJobs(view, [some(values, ofServer)], user));
    expect(jobs.job(1).attributes).toMatchObject({
      ...{ PandaID: 1, jobStatus: 'activated', jediTaskID: null, pilotErrorCode: 0, prodUserName: user.name },
    });
    expect(jobs.job(1).files[0]).not.toHaveProperty('fileID');
  });

  it('lets jobs without a queue wait, and gives them one later', () => {
    const jobs = new JobStore();
    jobs.do((view) => submitJobs(view, [some({ computingSite: 'NULL' })], user));
    expect([jobs.job(1).status, jobs.job(1).attributes.brokerageErrorDiag]).toEqual([
      'defined',
      'no queue is configured',
    ]);
    jobs.apply([
      {
        stream: 'site-panda.main.SITE_B',
        type: 'QueueConfigured',
        data: { queue: someQueue({ name: 'SITE_B', cloud: 'XX' }) },
      },
    ]);
    expect(jobs.do((view) => reassignJobs(view, [1, 9], somePrincipal({ name: 'Else' })))).toEqual({ reassigned: [] });
    expect(jobs.do((view) => reassignJobs(view, [1, 9, 1], user))).toEqual({ reassigned: [1] });
    expect([jobs.job(1).status, jobs.job(1).attributes.computingSite]).toEqual(['activated', 'SITE_B']);
    expect(jobs.do((view) => reassignJobs(view, [1], user))).toEqual({ reassigned: [] });
  });

  it('finds queues for jobs by itself as soon as there are some', () => {
    const jobs = new JobStore();
    jobs.do((view) => submitJobs(view, [some({ computingSite: 'NULL' }), some({ computingSite: 'NULL' })], user));
    jobs.do((view) => reassignJobs(view, [2], user));
    expect(jobs.view.jobsOfStatus('defined', undefined, 10).map(({ pandaId }) => pandaId)).toEqual([1, 2]);
    const before = jobs.job(1).attributes.modificationTime;
    jobs.wait(60);
    jobs.do((view) => placeWaiting(view, [1, 2]));
    expect(jobs.job(1).attributes.modificationTime).toBe(before);
    const data = { queue: someQueue({ name: 'SITE_B' }) };
    jobs.apply([{ stream: 'site-panda.main.SITE_B', type: 'QueueConfigured', data }]);
    jobs.do((view) => placeWaiting(view, [1, 2, 9]));
    expect([1, 2].map((id) => [jobs.job(id).status, jobs.job(id).attributes.computingSite])).toEqual([
      ['activated', 'SITE_B'],
      ['activated', 'SITE_B'],
    ]);
    expect(jobs.view.jobsOfStatus('defined', undefined, 10)).toEqual([]);
  });

  it.each([
    [{ prodSourceLabel: 'managed' }, '/CN=Demo User is missing production for prodSourceLabel=managed submission'],
    [{ job_label: 'x' }, 'job_label=x is not valid'],
  ])('refuses %j', (values, message) => {
    const jobs = new JobStore();
    expect(() => jobs.do((view) => submitJobs(view, [some(), some(values)], user))).toThrow(
      new DomainError('invalid', '', message),
    );
  });

  it('refuses nothing', () => {
    expect(() => new JobStore().do((view) => submitJobs(view, [], user))).toThrow('No jobs were submitted');
  });

  it('lets production name the owner, and answers the name of the job', () => {
    const jobs = new JobStore();
    const managed = some({
      prodSourceLabel: 'managed',
      prodUserName: 'Else',
      assignedPriority: 900,
      jobDefinitionID: 5,
    });
    const { jobs: replies } = jobs.do((view) => submitJobs(view, [managed], PRODUCTION));
    expect(replies).toEqual([{ panda_id: 1, job_definition_id: 5, jobset_id: null, job_name: 'a' }]);
    expect(jobs.job(1).attributes).toMatchObject({
      ...{ prodUserName: 'Else', currentPriority: 900, job_label: 'managed', gshare: 'Production' },
    });
  });

  it.each([
    ['a job is not a list', 'text'],
    ['a job has 0 values instead of 127', []],
    ['minRamCount is not a number', serialized({ minRamCount: 'much' })],
    ['jobName is not a text', serialized({ jobName: {} })],
    ['a file has no lfn', serialized({}, [file('input', '')])],
    ['the type of the file x is not one of input, pseudo_input, output, log', serialized({}, [file('other', 'x')])],
  ])('says that %s', (message, values) => expect(() => readJob(values)).toThrow(new NoJob(message)));
});
