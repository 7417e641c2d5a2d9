import { DIALECTS } from '../dialects.js';
import { bodyLimitsOf, BULK_BODY, DEFAULT_BODY_LIMITS, DOCUMENT_BODY, RAW_BODY } from './body-limits.js';

const MIB = 1024 * 1024;
const dialect = { bodyLimits: DEFAULT_BODY_LIMITS };
const route = { name: 'r', policy: { roles: ['user'] } };

describe('the limits of bodies', () => {
  it('are those of the dialect unless the route declares others', () => {
    expect(bodyLimitsOf(route, dialect)).toEqual(DEFAULT_BODY_LIMITS);
    expect(bodyLimitsOf({ ...route, bodyLimits: DOCUMENT_BODY }, dialect).bytesMax).toBe(4 * MIB);
    expect(bodyLimitsOf({ ...route, bodyLimits: BULK_BODY }, dialect)).toEqual({
      bytesMax: 4 * MIB,
      valuesMax: 101_000,
      namesMax: 1_000,
      levelsMax: 100,
    });
  });

  it('are large for uploads and small without a token', () => {
    expect(bodyLimitsOf({ ...route, upload: {} }, dialect).bytesMax).toBe(128 * MIB);
    expect(bodyLimitsOf({ ...route, policy: 'public' }, dialect).bytesMax).toBe(64 * 1024);
  });

  it('are larger where the gateway does not read the body', () => {
    expect(bodyLimitsOf({ ...route, bodyLimits: RAW_BODY }, dialect)).toMatchObject({
      bytesMax: 64 * MIB,
      isRaw: true,
    });
  });

  it('cannot be declared so large that other requests would wait', () => {
    expect(() => bodyLimitsOf({ ...route, bodyLimits: { bytesMax: 9 * MIB } }, dialect)).toThrow(
      'bytesMax of route r is more than 4194304',
    );
    expect(() => bodyLimitsOf({ ...route, bodyLimits: { valuesMax: 1e6 } }, dialect)).toThrow('valuesMax');
  });

  it('are raised by few routes only', () => {
    const raised = DIALECTS.routes.filter(
      ({ bodyLimits }) => (bodyLimits?.bytesMax ?? 0) > DEFAULT_BODY_LIMITS.bytesMax,
    );
    expect(raised.map(({ name }) => name).toSorted()).toEqual([
      'addTaskStat',
      'hardResetJobs',
      'hardResetTasks',
      'putConfig',
      'putConfigOfDataset',
      'requestConfigEdit',
      'requestJobStatus',
      'requestSubmission',
      'requestTaskStatus',
      'resetJobs',
      'resetTasks',
      'setJobStatuses',
      'setTaskStatuses',
      'setTaskStatusesOfDataset',
      'suspendJobs',
      'suspendTasks',
      'torcAddJobs',
      'torcCreateFromSpecification',
    ]);
  });
});
