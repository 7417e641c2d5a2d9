import { reassignJobs } from '../submission/reassign-jobs.js';
import { decided } from '../testing/decided.js';
import { PRODUCTION } from '../testing/principal.js';
import { someQueue } from '../testing/queue.js';
import { TASK_ID, TaskRun, withFiles } from '../testing/task-run.js';
import type { Job } from '../view.js';

const BUILD = {
  ...{ prodSourceLabel: 'panda', archiveName: 'sources.1.tar.gz' },
  jobParameters: '-i ${IN} -o ${OUT} --sourceURL ${SURL}',
};

const withBuild = (count: number) => {
  const document = withFiles(count, { nFilesPerJob: 1, buildSpec: BUILD, useBuild: true });
  const library = { type: 'constant', value: '-l ${LIB}' };
  return { ...document, jobParameters: [...(document['jobParameters'] as readonly object[]), library] };
};

const ofKind = (run: TaskRun, kind: Job['kind']): readonly Job[] => run.jobs().filter((job) => job.kind === kind);
const libraryOf = ({ files }: Job): string => files.find(({ lfn }) => lfn.endsWith('.lib.tgz'))?.lfn ?? '';

describe('a task with a build', () => {
  it('builds first, and lets its jobs wait for the library', () => {
    const run = new TaskRun(withBuild(3));
    const [build] = ofKind(run, 'build');
    const library = build === undefined ? '' : libraryOf(build);
    expect(library).toMatch(new RegExp(`^panda\\.0101000000\\.${TASK_ID}\\.lib\\._\\d{6}\\.1\\.lib\\.tgz$`, 'u'));
    expect(build?.attributes).toMatchObject({
      ...{
        prodSourceLabel: 'panda',
        jobStatus: 'activated',
        transformation: 'https://host/trf/user/buildGen-00-00-01',
      },
      jobParameters: `-i sources.1.tar.gz -o ${library} --sourceURL https://host:25443`,
    });
    expect(ofKind(run, 'run').map(({ status }) => status)).toEqual(['pending', 'pending', 'pending']);
    run.finish(ofKind(run, 'build'));
    expect(ofKind(run, 'run').map(({ status }) => status)).toEqual(['activated', 'activated', 'activated']);
    const [job] = ofKind(run, 'run');
    expect(job?.attributes.jobParameters).toMatch(`-l ${library}`);
    expect(job?.files).toContainEqual(expect.objectContaining({ type: 'input', lfn: library }));
    run.fail(ofKind(run, 'run').slice(0, 1));
    expect(ofKind(run, 'run').at(-1)).toMatchObject({ status: 'activated', attributes: { attemptNr: 2 } });
    expect(ofKind(run, 'build')).toHaveLength(1);
    run.finish(run.jobs('activated'));
    expect(run.status).toBe('done');
  });

  it('lets jobs go when the library is built, although so many wait that no more are made', () => {
    const run = new TaskRun(withBuild(5), [someQueue()], { unstartedJobsMax: 3 });
    expect([run.status, run.jobs('pending').length]).toEqual(['throttled', 3]);
    run.finish(ofKind(run, 'build'));
    expect([run.status, run.jobs('activated').length]).toEqual(['throttled', 3]);
    while (run.status !== 'done') run.finish(run.jobs('activated'));
    expect(ofKind(run, 'run')).toHaveLength(5);
  });

  it('leaves jobs that wait for a library at its queue, whoever reassigns them', () => {
    const run = new TaskRun(withBuild(1));
    const [job] = run.jobs('pending');
    const { events, reply } = decided(reassignJobs(run.view, [job?.pandaId ?? 0], PRODUCTION));
    expect([events, reply]).toEqual([[], { reassigned: [job?.pandaId] }]);
  });

  it('goes elsewhere when a build fails, and is exhausted after the second', () => {
    const run = new TaskRun(withBuild(2), [someQueue({ name: 'A' }), someQueue({ name: 'B', status: 'offline' })]);
    run.configure(someQueue({ name: 'B' }));
    run.fail(ofKind(run, 'build'));
    expect(run.jobs('closed')).toHaveLength(2);
    const builds = ofKind(run, 'build');
    expect(builds.map(({ attributes }) => attributes.computingSite)).toEqual(['A', 'B']);
    expect(run.jobs('pending').map(({ attributes }) => attributes.computingSite)).toEqual(['B', 'B']);
    run.fail(builds.slice(1));
    expect([run.status, run.dialog]).toEqual(['exhausted', 'build failed at A and B']);
    expect(run.datasets('lib').map(({ status }) => status)).toEqual(['removed', 'removed']);
  });
});
