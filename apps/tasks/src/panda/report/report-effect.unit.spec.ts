import type { JobStatus, ReportedStatus } from '#contracts/panda/statuses.js';
import type { ReportedEnd } from '#contracts/panda/events.js';
import { commandOf, reportEffect } from './report-effect.js';

const job = (
  status: JobStatus,
  {
    reported,
    batchID = null,
    diag = null,
    code = 0,
    taskBufferErrorCode = 0,
  }: {
    reported?: ReportedEnd;
    batchID?: string | null;
    diag?: string | null;
    code?: number;
    taskBufferErrorCode?: number;
  } = {},
) => ({
  status,
  reported,
  attributes: {
    attemptNr: 1,
    batchID,
    jobDispatcherErrorCode: code,
    jobDispatcherErrorDiag: diag,
    taskBufferErrorCode,
  },
});

const report = (status: ReportedStatus, attemptNr: number | null = null, batchId?: string) => ({
  ...{ status, attemptNr, batchId },
});

const KILLED = { kind: 'refused', command: 'tobekilled' };
const DONE = { kind: 'refused', command: 'alreadydone' };
const IGNORED = { kind: 'ignored' };
const stored = (status: string) => ({ kind: 'stored', status });
const HELD = 'set to holding by the pilot at 2025-06-01 12:00:00';
const MOVED = 'set to transferring by the pilot at 2025-06-01 12:00:00';

describe('table 4.2.4', () => {
  it('an unknown job', () => {
    expect(reportEffect(undefined, report('running'))).toEqual(KILLED);
  });

  it.each(['pending', 'waiting', 'defined', 'assigned'] as const)('a %s job, which no pilot has', (status) => {
    expect(reportEffect(job(status), report('running'))).toEqual(KILLED);
  });

  it.each(['finished', 'failed', 'cancelled', 'closed'] as const)('an archived %s job', (status) => {
    const lost = job(status, { code: 100 });
    for (const reported of ['starting', 'running', 'holding', 'transferring', 'finished', 'failed'] as const) {
      expect(reportEffect(lost, report(reported))).toEqual(KILLED);
    }
  });

  it.each(['running', 'finished', 'failed'] as const)('a job that failed with its worker, %s', (reported) => {
    expect(reportEffect(job('failed', { taskBufferErrorCode: 300 }), report(reported))).toEqual(KILLED);
  });

  it('another attempt', () => {
    expect(reportEffect(job('running'), report('running', 2))).toEqual(KILLED);
    expect(reportEffect(job('running'), report('running', 1))).toEqual(stored('running'));
  });

  it.each(['starting', 'running', 'holding', 'transferring'] as const)('a failed job, %s', (reported) => {
    expect(reportEffect(job('failed'), report(reported))).toEqual(DONE);
  });

  it.each([
    ['finished', 'finished'],
    ['failed', 'failed'],
    ['failed', 'finished'],
  ] as const)('a job that its pilot has ended as %s, %s again', (status, reported) => {
    expect(reportEffect(job(status), report(reported, 1))).toEqual(DONE);
  });

  it.each([
    ['cancelled', 'failed'],
    ['closed', 'failed'],
    ['cancelled', 'finished'],
  ] as const)('a %s job, %s', (status, reported) => {
    expect(reportEffect(job(status), report(reported, 1))).toEqual(KILLED);
  });

  it.each(['holding', 'finished', 'failed'] as const)('transferring by the server, %s', (reported) => {
    expect(reportEffect(job('transferring'), report(reported))).toEqual(DONE);
  });

  it.each([
    ['holding', 'finished', HELD, stored('holding')],
    ['holding', 'failed', HELD, stored('holding')],
    ['transferring', 'finished', MOVED, stored('holding')],
    ['transferring', 'holding', MOVED, stored('holding')],
    ['transferring', 'transferring', MOVED, stored('transferring')],
    ['holding', 'transferring', HELD, stored('transferring')],
  ] as const)('%s by the pilot, %s', (status, reported, diag, expected) => {
    expect(reportEffect(job(status, { diag }), report(reported))).toEqual(expected);
  });

  it.each(['finished', 'failed'] as const)('holding after a final report, %s: the first wins', (reported) => {
    expect(reportEffect(job('holding', { reported: 'finished' }), report(reported))).toEqual(DONE);
  });

  it.each(['starting', 'running', 'holding', 'transferring'] as const)(
    'holding after a final report, %s',
    (reported) => {
      expect(reportEffect(job('holding', { reported: 'failed' }), report(reported))).toEqual(IGNORED);
    },
  );

  it('holding, holding', () => {
    expect(reportEffect(job('holding', { diag: HELD }), report('holding'))).toEqual(IGNORED);
  });

  it.each(['starting', 'running', 'holding', 'transferring', 'finished', 'failed'] as const)('merging, %s', (each) => {
    expect(reportEffect(job('merging'), report(each))).toEqual(IGNORED);
  });

  it.each([
    ['holding', 'running', HELD],
    ['holding', 'starting', HELD],
    ['transferring', 'running', MOVED],
    ['transferring', 'starting', MOVED],
  ] as const)('%s, %s', (status, reported, diag) => {
    expect(reportEffect(job(status, { diag }), report(reported))).toEqual(IGNORED);
  });

  it('running, starting', () => {
    expect(reportEffect(job('running'), report('starting'))).toEqual(stored('running'));
  });

  it.each([
    ['batch.1', 'batch.2', { kind: 'foreign', batchId: 'batch.2' }],
    ['batch.1', 'batch.1', stored('running')],
    ['12.5', 'batch.2', stored('running')],
    ['7', 'batch.2', stored('running')],
    ['batch.1', '12345', stored('running')],
    [null, 'batch.2', stored('running')],
    ['batch.1', undefined, stored('running')],
    ['', 'batch.2', stored('running')],
  ] as const)('batch id %s, then %s', (batchID, batchId, expected) => {
    expect(reportEffect(job('running', { batchID }), report('running', null, batchId))).toEqual(expected);
  });

  it.each([
    ['sent', 'starting', 'starting'],
    ['sent', 'running', 'running'],
    ['sent', 'holding', 'holding'],
    ['sent', 'finished', 'holding'],
    ['sent', 'failed', 'holding'],
    ['starting', 'starting', 'starting'],
    ['starting', 'running', 'running'],
    ['starting', 'failed', 'holding'],
    ['running', 'running', 'running'],
    ['running', 'holding', 'holding'],
    ['running', 'transferring', 'transferring'],
    ['running', 'finished', 'holding'],
    ['running', 'failed', 'holding'],
  ] as const)('%s, %s: becomes %s', (status, reported, expected) => {
    expect(reportEffect(job(status), report(reported))).toEqual(stored(expected));
  });
});

describe('commandOf', () => {
  it.each([
    [null, null, 'NULL'],
    [null, '', 'NULL'],
    ['sj', 'tobekilled', 'tobekilled'],
    ['debug', null, 'debug'],
    ['sj,debug', 'tail -20 payload.stdout', 'debug,tail -20 payload.stdout'],
    ['dm', null, 'debug'],
  ])('%s, %s', (specialHandling, commandToPilot, expected) => {
    expect(commandOf({ specialHandling, commandToPilot })).toBe(expected);
  });
});
