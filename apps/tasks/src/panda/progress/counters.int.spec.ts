import fc from 'fast-check';
import { changeTask } from '../change/change-task.js';
import { decided } from '../testing/decided.js';
import { PRODUCTION } from '../testing/principal.js';
import { TASK_ID, TaskRun, withFiles } from '../testing/task-run.js';
import type { Dataset, TaskFile } from '../view.js';

const STEPS = [
  'finish',
  'fail',
  'release',
  'kill',
  'end',
  'retry',
  'pause',
  'resume',
  'reassign',
  'attempts',
  'reload',
  'reactivate',
] as const;
type Step = readonly [what: (typeof STEPS)[number], jobs: number];

const step = (run: TaskRun, [what, count]: Step): void => {
  const jobs = run.jobs('activated').slice(0, count);
  switch (what) {
    case 'finish':
      run.finish(jobs);
      return;
    case 'fail':
      run.fail(jobs);
      return;
    case 'release':
      run.fail(jobs, 'released');
      return;
    case 'kill':
      run.command('kill');
      return;
    case 'end':
      run.command('finish');
      return;
    case 'retry':
      run.command('retry', {}, PRODUCTION);
      return;
    case 'pause':
    case 'resume':
      run.command(what, {}, PRODUCTION);
      return;
    case 'reassign':
      run.command('reassign', { site: '' }, PRODUCTION);
      return;
    case 'reload':
      run.command('incexec');
      return;
    case 'attempts':
    case 'reactivate': {
      const change = what === 'attempts' ? { change: what, increase: 1 } : { change: what, keeps_attempts: count > 1 };
      run.apply(...decided(changeTask(run.view, { task_id: TASK_ID, ...change }, run.timeMicros)).events);
      run.settle();
    }
  }
};

const isExhausted = ({ status, attemptNr, maxAttempt, failedAttempt, maxFailure }: TaskFile): boolean =>
  status === 'ready' && (attemptNr >= maxAttempt || (maxFailure !== null && failedAttempt >= maxFailure));

const countersOf = (files: readonly TaskFile[]): Partial<Dataset> => {
  const [finished, failed] = [files.filter(({ status }) => status === 'finished'), files.filter(isExhausted)];
  const taken = files.filter(({ status }) => status === 'running' || status === 'picked');
  return {
    nFiles: files.length,
    nFilesFinished: finished.length,
    nFilesFailed: failed.length,
    nFilesUsed: finished.length + failed.length + taken.length,
  };
};

it('counts the files of inputs as they are, whatever happens', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom(...STEPS), fc.integer({ min: 1, max: 4 })), { maxLength: 12 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 3 }), steps, (files, perJob, taken) => {
      const run = new TaskRun(withFiles(files, { nFilesPerJob: perJob, maxAttempt: 2 }));
      for (const each of taken) {
        step(run, each);
        const [dataset] = run.datasets('input');
        expect(dataset).toMatchObject(countersOf(run.files('input')));
        // Nothing that can be done is left undone.
        if (run.status === 'running') expect(run.jobs('activated').length).toBeGreaterThan(0);
      }
    }),
    { numRuns: 60 },
  );
});
