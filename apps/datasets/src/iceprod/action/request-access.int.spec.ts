import { DomainError } from '#platform/domain-error.js';
import { eventually } from '#platform/testing/eventually.js';
import { someMetadata } from '#ledger/testing/new-events.js';
import type { Caller } from '#bus/contract.js';
import { type Action, GetRequest, MakeRequest, type RequestView } from '#contracts/iceprod/actions.js';
import { GetDataset, PutConfig, SubmitDataset } from '#contracts/iceprod/datasets.js';
import { ExplainRequest } from '#contracts/explain.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { DatasetsModule } from '../../datasets.module.js';
import { REQUEST_STREAMS } from './request.js';

const user = (username: string, ...groups: readonly string[]): Caller => ({
  subject: username,
  username,
  roles: ['user'],
  groups: ['users', ...groups],
});
const ALICE = user('alice', 'simprod');
const CAROL = user('carol', 'simprod');
const BOB = user('bob');
const SYSTEM: Caller = { subject: 'grid', username: 'iceprod-system', roles: ['system'], groups: [] };

const CONFIG = JSON.stringify({ version: 3.2, tasks: [{ name: 'a', trays: [{ modules: [{}] }] }] });

describe('an asynchronous request', () => {
  const variables = { CAIRN_AUTOMATION: 'off', CAIRN_AUTOMATION_DELAY: '0' };
  let host: ServiceHost;
  let dataset: string;

  beforeEach(async () => {
    variables.CAIRN_AUTOMATION = 'off';
    host = new ServiceHost(DatasetsModule, variables);
    await host.start();
    const counts = { jobs_submitted: 1, tasks_submitted: 1, tasks_per_job: 1 };
    const submission = { description: 'd', ...counts, group: 'simprod', auth_groups_read: [] };
    dataset = (await host.request(SubmitDataset, submission, ALICE)).dataset_id;
    await host.request(PutConfig, { dataset_id: dataset, config: CONFIG }, ALICE);
  });
  afterEach(() => host.end());

  const edit = async (caller: Caller): Promise<string> => {
    const text = JSON.stringify({ dataset_id: dataset, config: CONFIG, description: 'edited' });
    return (await host.request(MakeRequest, { action: 'edit_config', arguments: text }, caller)).request_id;
  };
  const seen = async (request_id: string, caller: Caller): Promise<string> => {
    const questions = [
      host.request(GetRequest, { action: 'edit_config', request_id }, caller),
      host.request(ExplainRequest, { request_id }, caller),
    ];
    const outcomes = await Promise.allSettled<unknown>(questions);
    const words = outcomes.map((outcome) => {
      if (outcome.status === 'fulfilled') return 'shown';
      const { reason } = outcome as { reason: unknown };
      return reason instanceof DomainError ? `${reason.kind}: ${reason.message}` : 'failed';
    });
    return [...new Set(words)].join();
  };
  const runAll = async (): Promise<void> => {
    await host.stop();
    variables.CAIRN_AUTOMATION = 'actions';
    await host.start();
  };
  const ended = (request_id: string, action: Action = 'edit_config'): Promise<RequestView> =>
    eventually(
      () => host.request(GetRequest, { action, request_id }, SYSTEM),
      expect.objectContaining({ status: expect.stringMatching(/^(complete|error)$/) as string }),
    );
  const setRule = (lists: object): Promise<unknown> => {
    const event = { id: crypto.randomUUID(), type: 'AccessRuleSet', data: lists, metadata: someMetadata() };
    return host.ledger.append(`access-iceprod.main.${dataset}`, -1, [event]);
  };

  it('is shown to its maker, to readers of its dataset and to services, and to nobody else', async () => {
    const id = await edit(ALICE);
    expect(await seen(id, ALICE)).toBe('shown');
    expect(await seen(id, CAROL)).toBe('shown');
    expect(await seen(id, SYSTEM)).toBe('shown');
    expect(await seen(id, BOB)).toBe('forbidden: auth failed');
  });

  it('that makes a dataset is shown to its maker only, until the dataset has readers', async () => {
    const text = JSON.stringify({ config: CONFIG, description: 'd', jobs_submitted: 1, group: 'simprod' });
    const action = 'submit';
    const request = { action, arguments: text } as const;
    const { request_id } = await host.request(MakeRequest, request, ALICE);
    const show = (caller: Caller): Promise<unknown> => host.request(GetRequest, { action, request_id }, caller);
    await expect(show(CAROL)).rejects.toThrow('auth failed');
    await expect(show(ALICE)).resolves.toMatchObject({ status: 'queued' });
  });

  it('changes nothing when its maker may no longer write the dataset', async () => {
    const id = await edit(CAROL);
    await setRule({ read_groups: ['simprod'], write_groups: ['admin'] });
    await runAll();
    expect(await ended(id)).toMatchObject({ status: 'error', error_message: 'auth failed' });
    const { document } = await host.request(GetDataset, { dataset_id: dataset }, SYSTEM);
    expect(JSON.parse(document)).toMatchObject({ description: 'd' });
  });

  it('is done with the groups of the token that was presented', async () => {
    const id = await edit(CAROL);
    await runAll();
    expect(await ended(id)).toMatchObject({ error_message: '', status: 'complete' });
  });

  it.each([
    ['edit_config', () => ({ dataset_id: dataset, config: CONFIG, description: 'edited' })],
    [
      'submit',
      () => ({ config: CONFIG, description: 'd', jobs_submitted: 1, group: 'simprod', username: CAROL.username }),
    ],
  ] as const)('of a version that kept no groups is carried out: %s', async (action, argumentsOf) => {
    const request_id = 'request';
    const of = action === 'submit' ? {} : { dataset_id: dataset };
    const made = { creator: CAROL.username, role: 'user', arguments: { raw: JSON.stringify(argumentsOf()) } };
    const data = { request_id, action, ...of, ...made };
    const event = { id: crypto.randomUUID(), type: 'RequestQueued', data, metadata: someMetadata() };
    await host.ledger.append(`${REQUEST_STREAMS}${request_id}`, -1, [event]);
    await runAll();
    expect(await ended(request_id, action)).toMatchObject({ error_message: '', status: 'complete' });
  });
});
