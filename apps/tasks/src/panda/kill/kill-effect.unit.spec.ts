import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { JobStatus } from '#contracts/panda/statuses.js';
import { DEFAULT_JOB } from '../job/job-attributes.js';
import { endsAtOnce, isRepeat, killed } from './kill-effect.js';

const NOW = Date.parse('2025-06-01T12:00:00Z') * 1_000;
const BY = '/CN=Demo User';

const facts = (status: JobStatus, attributes: JobAttributes = {}) => ({
  status,
  attributes: { ...DEFAULT_JOB, prodSourceLabel: 'user', ...attributes },
});

describe('table 4.2.8', () => {
  const since = () => '2025-06-01T10:00:00';

  it.each([
    [2, 'closed', 'toreassign', 102, 'expired in activated. status unchanged since 2025-06-01 10:00:00'],
    [4, 'closed', 'toreassign', 102, 'expired in activated. status unchanged since 2025-06-01 10:00:00'],
    [3, 'cancelled', undefined, 103, 'aborted by ExtIF'],
    [8, 'cancelled', undefined, 105, `reassigned to another site by rebrokerage. new ${BY}`],
    [10, 'closed', undefined, 130, 'fast rebrokerage due to Nq/Nr overshoot'],
    [50, 'cancelled', undefined, 100, BY],
    [52, 'cancelled', undefined, 100, BY],
    [51, 'closed', 'toreassign', 100, 'reassigned by JEDI'],
    [55, 'closed', 'taskdone', 100, 'killed since task is (almost) done'],
    [60, 'closed', undefined, 100, 'closed by the pilot'],
    [200, 'closed', undefined, 200, 'failed to get semaphore for job cloning'],
    [9, 'cancelled', undefined, 100, `killed by ${BY}`],
    [91, 'cancelled', undefined, 100, `killed by ${BY}`],
    [99, 'cancelled', undefined, 100, `killed by ${BY}`],
    [12345, 'cancelled', undefined, 100, `killed by ${BY}`],
    [null, 'cancelled', undefined, 100, `killed by ${BY}`],
  ] as const)('code %s gives %s %s %i', (code, status, jobSubStatus, errorCode, diagnostic) => {
    const end = killed({ code, by: BY }, 'activated', since, NOW);
    expect(end.status).toBe(status);
    expect(end.set.jobSubStatus).toBe(jobSubStatus);
    expect(end.set.taskBufferErrorCode).toBe(errorCode);
    expect(end.set.taskBufferErrorDiag).toBe(diagnostic);
    expect(end.set.endTime).toBe('2025-06-01T12:00:00');
  });

  it('takes the substatus of the order, whatever the code', () => {
    expect(killed({ code: 60, by: BY, subStatus: 'pilot_closed' }, 'holding', since, NOW).set.jobSubStatus).toBe(
      'pilot_closed',
    );
    expect(killed({ code: 51, by: BY, subStatus: 'x' }, 'sent', since, NOW).set.jobSubStatus).toBe('x');
  });

  it('starts a job that never got beyond starting when it ends', () => {
    expect(killed({ code: null, by: BY }, 'starting', since, NOW).set.startTime).toBe('2025-06-01T12:00:00');
    expect(killed({ code: null, by: BY }, 'sent', since, NOW).set.startTime).toBeUndefined();
  });
});

describe('what ends at once', () => {
  const others: readonly JobStatus[] = [
    ...(['pending', 'waiting', 'defined', 'assigned', 'activated', 'throttled', 'sent', 'starting'] as const),
    ...(['holding', 'transferring', 'merging'] as const),
  ];

  it.each(others)('%s does', (status) => {
    expect(endsAtOnce(facts(status), { code: null, by: BY })).toBe(true);
  });

  it.each([
    ['user', null, false, false],
    ['user', 9, true, false],
    ['user', 52, true, false],
    ['user', 99, true, true],
    ['user', 99, false, false],
    ['managed', 9, false, true],
    ['managed', 52, false, true],
    ['test', 9, false, true],
    ['managed', 50, true, false],
    ['managed', null, true, false],
    ['panda', 2, true, false],
  ] as const)('a running %s job with code %s, production %s: %s', (prodSourceLabel, code, isProduction, expected) => {
    expect(endsAtOnce(facts('running', { prodSourceLabel }), { code, by: BY, isProduction })).toBe(expected);
  });

  it.each([
    [1, 'eventservice', true],
    [4, null, true],
    [5, null, true],
    [6, null, true],
    [2, 'esmerge', false],
    [1, 'eventservice,sc:1', false],
    [0, null, false],
  ] as const)('a running job of event service %i with %s: %s', (eventService, specialHandling, expected) => {
    expect(endsAtOnce(facts('running', { eventService, specialHandling }), { code: null, by: BY })).toBe(expected);
  });
});

describe('a job that is being killed', () => {
  const job = facts('running', { commandToPilot: 'tobekilled' });

  it.each([2, 9, 10, 51, 52, 60, 99])('obeys code %i', (code) => {
    expect(isRepeat(job, { code, by: BY })).toBe(false);
  });

  it.each([null, 3, 4, 7, 8, 50, 55, 91])('does not obey code %s', (code) => {
    expect(isRepeat(job, { code, by: BY })).toBe(true);
  });

  it('is one that was told so', () => {
    expect(isRepeat(facts('running', { commandToPilot: 'tail -20 payload.stdout' }), { code: null, by: BY })).toBe(
      false,
    );
  });
});
