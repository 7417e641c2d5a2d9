import { Module } from '@nestjs/common';
import { eventually } from '#platform/testing/eventually.js';
import type { Caller } from '#bus/contract.js';
import { GetRequest, MakeRequest, type RequestView } from '#contracts/iceprod/actions.js';
import { PutConfig, SubmitDataset } from '#contracts/iceprod/datasets.js';
import { DeleteUser } from '#contracts/iceprod/users.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { AuthModule } from '../../auth/src/auth.module.js';
import { DatasetsModule } from '../../datasets/src/datasets.module.js';

const user = (username: string): Caller => ({
  subject: username,
  username,
  roles: ['user'],
  groups: ['users', 'simprod'],
  tokenIssuedAtMs: Date.now() - 1000,
});
const ALICE = user('alice');
const CAROL = user('carol');
const ADMIN: Caller = { subject: 'root', username: 'root', roles: ['admin'], groups: [] };

const CONFIG = JSON.stringify({ version: 3.2, tasks: [{ name: 'a', trays: [{ modules: [{}] }] }] });

@Module({ imports: [DatasetsModule, AuthModule] })
class DatasetsAndAuth {}

describe('an asynchronous request of a user who is removed before it starts', () => {
  const variables = { CAIRN_AUTOMATION: 'off', CAIRN_AUTOMATION_DELAY: '0' };
  const host = new ServiceHost(DatasetsAndAuth, variables);
  beforeAll(() => host.start());
  afterAll(() => host.end());

  it('is refused, and those of others are carried out', async () => {
    const counts = { jobs_submitted: 1, tasks_submitted: 1, tasks_per_job: 1 };
    const submission = { description: 'd', ...counts, group: 'simprod' };
    const { dataset_id } = await host.request(SubmitDataset, submission, CAROL);
    await host.request(PutConfig, { dataset_id, config: CONFIG }, CAROL);
    const edit = async (caller: Caller): Promise<string> => {
      const request = { action: 'edit_config', arguments: JSON.stringify({ dataset_id, config: CONFIG }) } as const;
      return (await host.request(MakeRequest, request, caller)).request_id;
    };
    const [ofAlice, ofCarol] = [await edit(ALICE), await edit(CAROL)];
    await host.request(DeleteUser, { user: 'alice' }, ADMIN);
    await host.stop();
    variables.CAIRN_AUTOMATION = 'actions';
    await host.start();
    const ended = (request_id: string): Promise<RequestView> =>
      eventually(
        () => host.request(GetRequest, { action: 'edit_config', request_id }, ADMIN),
        expect.objectContaining({ status: expect.stringMatching(/^(complete|error)$/) as string }),
      );
    expect(await ended(ofAlice)).toMatchObject({ status: 'error', error_message: 'auth failed' });
    expect(await ended(ofCarol)).toMatchObject({ status: 'complete', error_message: '' });
  });
});
