import { jobEnd, type Stop } from './job-end.js';
import type { ScriptRun } from './run-script.js';

const ended = (code?: number, signal?: NodeJS.Signals): ScriptRun => ({
  ...{ code, signal, error: undefined, usage: { seconds: 1 }, lastWords: '' },
});

describe('the end of a job', () => {
  it.each<[string, ScriptRun, Stop, boolean, string, number]>([
    ['ends by itself', ended(0), undefined, false, 'done', 0],
    ['fails', ended(3), undefined, false, 'done', 3],
    ['is killed by somebody', ended(undefined, 'SIGKILL'), undefined, false, 'done', -9],
    ['cannot be started', ended(), undefined, false, 'done', 127],
    ['is terminated', ended(undefined, 'SIGKILL'), 'terminated', false, 'terminated', -15],
    ['is terminated and says how it ended', ended(7), 'terminated', true, 'terminated', 7],
    ['is terminated by the signal', ended(undefined, 'SIGTERM'), 'terminated', true, 'terminated', -15],
    ['is canceled', ended(undefined, 'SIGKILL'), 'canceled', true, 'canceled', -9],
  ])('that %s', (_what, run, stop, supports, status, returnCode) => {
    expect(jobEnd(run, stop, supports)).toEqual({ status, returnCode });
  });
});
