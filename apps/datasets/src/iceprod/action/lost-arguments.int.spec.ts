import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '#platform/testing/eventually.js';
import type { Caller } from '#bus/contract.js';
import { type Action, GetRequest, MakeRequest, type RequestView } from '#contracts/iceprod/actions.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { DatasetsModule } from '../../datasets.module.js';

const ALICE: Caller = { subject: 'alice', username: 'alice', roles: ['user'], groups: ['users'] };
const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };
/** Arguments of that size stand in the blob store. */
const LARGE = 200 * 1024;

describe('a request whose arguments are lost', () => {
  const variables = { CAIRN_AUTOMATION: 'off', CAIRN_AUTOMATION_DELAY: '0' };
  let host: ServiceHost;

  beforeAll(async () => {
    host = new ServiceHost(DatasetsModule, variables);
    await host.start();
  });
  afterAll(() => host.end());

  const make = async (action: Action, body: object, caller: Caller): Promise<string> =>
    (await host.request(MakeRequest, { action, arguments: JSON.stringify(body) }, caller)).request_id;
  const configOf = (description: string): string =>
    JSON.stringify({ version: 3.2, description, tasks: [{ name: 'a', trays: [{ modules: [{}] }] }] });
  const fails = (action: Action, id: string, error: Partial<RequestView>): Promise<unknown> =>
    eventually(
      () => host.request(GetRequest, { action, request_id: id }, SYSTEM),
      expect.objectContaining({ status: 'error', ...error }),
    );

  it('fails, and holds up no other', async () => {
    const submission = { config: configOf('x'.repeat(LARGE)), description: 'd', jobs_submitted: 1 };
    const lost = await make('submit', submission, ALICE);
    const other = await make('edit_config', { dataset_id: 'nope', config: configOf('y') }, SYSTEM);
    await host.stop();
    await rm(join(host.folder, 'blobs'), { recursive: true });
    variables.CAIRN_AUTOMATION = 'actions';
    await host.start();
    await fails('submit', lost, {
      error_message: 'the arguments of the request are lost',
      payload: '{"type":"submit"}',
    });
    await fails('edit_config', other, { error_message: 'Dataset not found' });
  });
});
