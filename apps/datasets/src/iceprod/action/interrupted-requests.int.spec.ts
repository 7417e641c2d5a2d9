import { nowMicros } from '#platform/clock.js';
import { eventually } from '#platform/testing/eventually.js';
import type { Caller } from '#bus/contract.js';
import { GetRequest, MakeRequest, type RequestView } from '#contracts/iceprod/actions.js';
import { PutConfig, SubmitDataset } from '#contracts/iceprod/datasets.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { DatasetsModule } from '../../datasets.module.js';
import { Requests } from './request-projection.js';
import { requestEvent, type StoredRequest } from './request.js';

const ALICE: Caller = { subject: 'alice', username: 'alice', roles: ['user'], groups: ['users'] };
const CONFIG = '{"version":3.2,"description":"d","tasks":[{"name":"a","trays":[{"modules":[{}]}]}]}';

describe('a request that is interrupted', () => {
  const variables = { CAIRN_AUTOMATION: 'off', CAIRN_AUTOMATION_DELAY: '0' };
  let host: ServiceHost;

  beforeEach(async () => {
    variables.CAIRN_AUTOMATION = 'off';
    host = new ServiceHost(DatasetsModule, variables);
    await host.start();
  });
  afterEach(() => host.end());

  /** Its work waits for the service that knows the priorities of users, which does not run here. */
  const materialize = async (): Promise<string> => {
    const counts = { jobs_submitted: 1, tasks_submitted: 1, tasks_per_job: 1 };
    const { dataset_id } = await host.request(SubmitDataset, { description: 'd', group: 'users', ...counts }, ALICE);
    await host.request(PutConfig, { dataset_id, config: CONFIG }, ALICE);
    const request = { action: 'materialization', arguments: JSON.stringify({ dataset_id }) } as const;
    return (await host.request(MakeRequest, request, ALICE)).request_id;
  };
  const view = (id: string): Promise<RequestView> =>
    host.request(GetRequest, { action: 'materialization', request_id: id }, ALICE);
  const stored = (id: string): StoredRequest | undefined => new Requests(host.part(ReadModel).queries).find(id);

  /** What a process leaves behind that dies while it works on the request. */
  const startAndDie = async (id: string): Promise<void> => {
    const context = { correlationId: 'test', deadlineMs: Date.now() + 10_000, dialect: 'iceprod', caller: ALICE };
    const decide = () => ({ events: [requestEvent('RequestStarted', { request_id: id })], reply: {} });
    await host.part(Mailbox).execute({ context, timeMicros: nowMicros(), decide });
  };
  const restartWithAutomation = async (): Promise<void> => {
    variables.CAIRN_AUTOMATION = 'actions';
    await host.stop();
    await host.start();
  };

  it('is resumed after two interruptions', async () => {
    const id = await materialize();
    for (let deaths = 0; deaths < 2; deaths += 1) await startAndDie(id);
    await restartWithAutomation();
    await eventually(() => stored(id)?.attempts, 3);
    expect((await view(id)).status).not.toBe('error');
  });

  it('fails after the third one, and says why', async () => {
    const id = await materialize();
    for (let deaths = 0; deaths < 3; deaths += 1) await startAndDie(id);
    await restartWithAutomation();
    await eventually(
      () => view(id),
      expect.objectContaining({
        status: 'error',
        error_message: expect.stringContaining('interrupted 3 times') as string,
      }),
    );
    expect(stored(id)?.attempts).toBe(3);
  });

  it('is not counted as interrupted when Cairn stops in an orderly way', async () => {
    const id = await materialize();
    for (let stops = 1; stops <= 4; stops += 1) {
      await restartWithAutomation();
      await eventually(() => stored(id)?.attempts, stops);
    }
    expect(stored(id)).toMatchObject({ status: 'processing', interruptions: 0 });
  });
});
