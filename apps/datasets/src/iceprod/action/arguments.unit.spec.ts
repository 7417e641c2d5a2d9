import { DomainError } from '#platform/domain-error.js';
import type { Caller } from '#bus/contract.js';
import type { Action } from '#contracts/iceprod/actions.js';
import { areDatasetFields, type CheckConfig, extraFields, readArguments, readLegacyArguments } from './arguments.js';
import { checkRequestedConfig, ofVersion32 } from './config-argument.js';

const ALICE: Caller = { subject: 'alice', username: 'alice', roles: ['user'], groups: ['users', 'simprod'] };
const ADMIN: Caller = { subject: 'root', username: 'root', roles: ['admin'], groups: ['users'] };
const CONFIG = '{"version":3.1,"description":"d","tasks":[{"name":"a","trays":[{"modules":[{}]}]}]}';
const SUBMISSION = { config: CONFIG, description: 'd', jobs_submitted: 10 };

const allowed = (): undefined => undefined;

const checkConfig: CheckConfig = (datasetId, config) => Promise.resolve(checkRequestedConfig(datasetId, config));

const outcomeOf = async (
  action: Action,
  body: object,
  caller = ALICE,
  authorize: () => DomainError | undefined = allowed,
): Promise<unknown> => {
  const read = await readArguments(action, JSON.stringify(body), caller, authorize, checkConfig);
  return read instanceof DomainError ? [read.kind, read.message] : read;
};

describe('readArguments', () => {
  it.each<[Action, object, object]>([
    [
      'submit',
      { ...SUBMISSION, jobs_submitted: ' 10' },
      { ...SUBMISSION, username: 'alice', group: 'users', extra_submit_fields: null },
    ],
    ['materialization', { dataset_id: 'd', num: '5' }, { dataset_id: 'd', num: 5, set_status: 'idle' }],
    ['materialization', { dataset_id: 'd', num: null }, { dataset_id: 'd', num: 1000, set_status: 'idle' }],
    ['dataset_status', { dataset_id: 'd', action: 'reset' }, { dataset_id: 'd', action: 'reset', progress: 0 }],
    [
      'job_status',
      { dataset_id: 'd', action: 'suspend', job_ids: ['j'] },
      { dataset_id: 'd', action: 'suspend', initial_status: null, job_ids: ['j'], progress: 0 },
    ],
    [
      'job_status',
      { dataset_id: 'd', action: 'reset', initial_status: '', job_ids: ['j'] },
      { dataset_id: 'd', action: 'reset', initial_status: '', job_ids: ['j'], progress: 0 },
    ],
    [
      'task_status',
      { dataset_id: 'd', action: 'hard_reset', initial_status: 'failed' },
      {
        ...{ dataset_id: 'd', action: 'hard_reset', initial_status: 'failed' },
        ...{ job_ids: null, task_ids: null, progress: 0 },
      },
    ],
    ['edit_config', { dataset_id: 'd', config: CONFIG }, { dataset_id: 'd', config: CONFIG, description: null }],
  ])('takes %s and fills in what is left out', async (action, body, expected) => {
    expect(await outcomeOf(action, body)).toEqual(expected);
  });

  it.each<[Action, object, string]>([
    ['submit', { ...SUBMISSION, config: undefined }, 'missing key: config'],
    ['submit', { ...SUBMISSION, description: 7 }, 'key "description" should be of type str'],
    ['submit', { ...SUBMISSION, jobs_submitted: 'ten' }, 'key "jobs_submitted" should be of type int'],
    ['submit', { ...SUBMISSION, more: 1 }, 'unknown key: more'],
    ['submit', { ...SUBMISSION, username: 'bob' }, 'cannot submit as a different user'],
    ['submit', { ...SUBMISSION, group: 'filtering' }, 'not a member of selected group'],
    ['submit', { ...SUBMISSION, extra_submit_fields: '[]' }, 'extra_submit_fields is not a JSON object'],
    ['submit', { ...SUBMISSION, config: '{' }, 'config is not valid'],
    ['submit', { ...SUBMISSION, config: '[]' }, 'config is not valid'],
    [
      'submit',
      // Fits 3.1, but trays are closed since 3.2.
      { ...SUBMISSION, config: CONFIG.replace('"modules"', '"data":[],"modules"') },
      "Validation error in config['tasks'][0]['trays'][0]: Additional properties are not allowed ('data' was unexpected)",
    ],
    ['materialization', {}, 'missing key: dataset_id'],
    ['materialization', { dataset_id: 7 }, 'key "dataset_id" should be of type str'],
    ['materialization', { dataset_id: 'd', num: 1.5 }, 'key "num" should be of type int'],
    ['dataset_status', { dataset_id: 'd' }, 'missing key: action'],
    ['dataset_status', { dataset_id: 'd', action: 'stop' }, 'invalid action'],
    ['job_status', { dataset_id: 'd', action: 'stop' }, 'invalid action'],
    ['job_status', { dataset_id: 'd', action: 'reset', initial_status: 'failed' }, 'invalid initial_status'],
    [
      'job_status',
      { dataset_id: 'd', action: 'reset', initial_status: 'errors', job_ids: [] },
      'cannot define both initial_status and job_ids',
    ],
    ['job_status', { dataset_id: 'd', action: 'reset', job_ids: 'j' }, 'key "job_ids" should be of type list'],
    ['job_status', { dataset_id: 'd', action: 'reset', task_ids: [] }, 'unknown key: task_ids'],
    ['task_status', { dataset_id: 'd', action: 'reset', initial_status: 'errors' }, 'invalid initial_status'],
    [
      'task_status',
      { dataset_id: 'd', action: 'reset', initial_status: 'failed', job_ids: [] },
      'cannot define both initial_status and job_ids',
    ],
    [
      'task_status',
      { dataset_id: 'd', action: 'reset', initial_status: 'failed', task_ids: [] },
      'cannot define both initial_status and task_ids',
    ],
    [
      'task_status',
      { dataset_id: 'd', action: 'reset', job_ids: [], task_ids: [] },
      'cannot define both task_ids and job_ids',
    ],
    ['job_status', { dataset_id: 'd', action: 'stop', initial_status: 'failed' }, 'invalid action'],
    [
      'job_status',
      { dataset_id: 'd', action: 'reset', initial_status: 'failed', job_ids: ['j'] },
      'invalid initial_status',
    ],
    ['task_status', { dataset_id: 'd', action: 'stop' }, 'invalid action'],
    [
      'edit_config',
      { dataset_id: 'd', config: '{"version":4,"tasks":[]}' },
      "Validation error in config['version']: 4 is not one of [3, 3.1, 3.2]",
    ],
    ['edit_config', { dataset_id: 'd', config: '7' }, 'config is not valid'],
  ])('refuses %s of %j', async (action, body, text) => {
    expect(await outcomeOf(action, body)).toEqual(['invalid', text]);
  });

  it('lets admins submit for others', async () => {
    expect(await outcomeOf('submit', { ...SUBMISSION, username: 'bob' }, ADMIN)).toMatchObject({ username: 'bob' });
  });

  it('reveals nothing else to a caller who may not write the dataset', async () => {
    const denied = (): DomainError => new DomainError('forbidden', 'access.denied', 'authorization failed');
    expect(await outcomeOf('job_status', { dataset_id: 'd', action: 'stop' }, ALICE, denied)).toEqual([
      'forbidden',
      'auth failed',
    ]);
  });

  it('refuses what is no object', async () => {
    expect(await outcomeOf('submit', [])).toEqual(['invalid', 'body is not a JSON object']);
  });
});

describe('readLegacyArguments', () => {
  it('fills in what is left out', () => {
    expect(readLegacyArguments('{}')).toEqual({ dataset_id: null, num: 1000, set_status: 'idle' });
    expect(readLegacyArguments('{"dataset_id":"d","num":3,"set_status":"suspended"}')).toEqual({
      ...{ dataset_id: 'd', num: 3, set_status: 'suspended' },
    });
  });

  it.each(['{"more":1}', '{"num":"3"}', '{"set_status":1}', '{"dataset_id":1}'])('refuses %s', (text) => {
    expect(readLegacyArguments(text)).toMatchObject({ kind: 'invalid', message: 'invalid params' });
  });
});

describe('extraFields', () => {
  it('leaves out what the submission says itself', () => {
    expect(extraFields('{"status":"suspended","priority":0.9,"description":"mine","jobs_submitted":"many"}')).toEqual({
      ...{ status: 'suspended', priority: 0.9 },
    });
    expect(extraFields('')).toEqual({});
    expect(extraFields(null)).toEqual({});
  });

  it('refuses what a dataset has otherwise, and tells what it has not', () => {
    expect(extraFields('{"priority":"high"}')).toMatchObject({ message: 'extra_submit_fields: priority is not valid' });
    expect(areDatasetFields({ priority: 1, always_active: true })).toBe(true);
    expect(areDatasetFields({ priority: 1, more: 1 })).toBe(false);
    const odd = extraFields('{"__proto__":1}');
    expect(odd instanceof DomainError || areDatasetFields(odd)).toBe(false);
  });
});

describe('ofVersion32', () => {
  it('changes nothing but the version', () => {
    expect(ofVersion32('{"version":3.1,"a":1.0}')).toBe('{"version":3.2,"a":1.0}');
    expect(ofVersion32('{"a":12345678901234567890}')).toBe('{"a":12345678901234567890,"version":3.2}');
    expect(ofVersion32('{')).toBeUndefined();
  });
});
