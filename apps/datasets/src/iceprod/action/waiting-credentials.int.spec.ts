import { Controller, Module } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { DomainError } from '#platform/domain-error.js';
import { eventually } from '#platform/testing/eventually.js';
import type { Answer, Caller, Message, Nothing } from '#bus/contract.js';
import { WaitForPosition } from '#bus/visibility.js';
import { GetRequest, MakeRequest } from '#contracts/iceprod/actions.js';
import type { CredentialFields } from '#contracts/credentials.js';
import {
  CreateCredential,
  type CreateCredentialRequest,
  DeleteCredentials,
  StoreCredential,
} from '#contracts/iceprod/credentials.js';
import { PutConfig, SubmitDataset } from '#contracts/iceprod/datasets.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { DatasetsModule } from '../../datasets.module.js';

const ALICE: Caller = { subject: 'alice', username: 'alice', roles: ['user'], groups: ['users'] };
const SERVICE: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };
const CONCURRENCY_LIMIT = ['osdf:///one', 'osdf:///two'];

/** What the auth service was asked for. */
const asked = { created: [] as string[], stored: [] as string[], deleted: 0, untilStored: 0, lifetimeSeconds: 0 };

/** In the place of the others: `auth` goes away between making credentials and storing them. */
@Controller()
class Others {
  @MessagePattern(CreateCredential.subject)
  create({ request }: Message<CreateCredentialRequest>): Answer<{ document: string }> {
    const { scope, url, transfer_prefix } = request;
    asked.created.push(transfer_prefix);
    const expiration = Math.floor(Date.now() / 1000) + asked.lifetimeSeconds;
    const access_token = `token-${asked.created.length}`;
    const made: CredentialFields = { url, type: 'oauth', transfer_prefix, scope, access_token, expiration };
    return { reply: { document: JSON.stringify(made) } };
  }

  @MessagePattern(StoreCredential.subject)
  store({ request }: Message<CredentialFields>): Answer<{ credential_id: string }> {
    asked.untilStored -= 1;
    if (asked.untilStored > 0) return { error: new DomainError('unavailable', 'bus.away', 'away').toValue() };
    asked.stored.push(request.access_token ?? '');
    return { reply: { credential_id: 'c' } };
  }

  @MessagePattern(DeleteCredentials.subject)
  delete(): Answer<{ deleted: number }> {
    asked.deleted += 1;
    return { reply: { deleted: 1 } };
  }

  @MessagePattern(WaitForPosition('auth').subject)
  authReached(): Answer<Nothing> {
    return { reply: {} };
  }

  @MessagePattern(WaitForPosition('tasks').subject)
  tasksReached(): Answer<Nothing> {
    return { reply: {} };
  }
}

@Module({ imports: [DatasetsModule], controllers: [Others] })
class DatasetsAndOthers {}

describe('credentials', () => {
  const host = new ServiceHost(DatasetsAndOthers, {
    ...{ CAIRN_AUTOMATION: 'actions', CAIRN_AUTOMATION_DELAY: '0' },
    ...{
      CREDENTIALS_ISSUER_URL: 'https://issuer.example',
      CREDENTIALS_CLIENT_ID: 'cairn',
      TOKEN_SCOPE_PREFIXES: CONCURRENCY_LIMIT.join(),
      DATASET_MIB_MAX: '1',
    },
  });
  beforeAll(() => host.start());
  afterAll(() => host.end());

  const submit = async (lifetimeSeconds: number): Promise<void> => {
    Object.assign(asked, { created: [], stored: [], untilStored: 3, lifetimeSeconds });
    const token_scopes = Object.fromEntries(CONCURRENCY_LIMIT.map((place) => [place, 'storage.read:/x']));
    const config = JSON.stringify({
      ...{ version: 3.2, description: 'd' },
      tasks: [{ name: 'a', trays: [{ modules: [{}] }], token_scopes }],
    });
    const submission = { config, description: 'd', jobs_submitted: 1 };
    const action = 'submit';
    const request = { action, arguments: JSON.stringify(submission) } as const;
    const { request_id } = await host.request(MakeRequest, request, ALICE);
    await eventually(
      () => host.request(GetRequest, { action, request_id }, ALICE),
      expect.objectContaining({ status: 'complete' }),
    );
  };

  it('of a submission that has to wait are made once, however often it is tried', async () => {
    await submit(3600);
    expect(asked.created).toEqual(CONCURRENCY_LIMIT);
    expect(asked.stored).toEqual(['token-1', 'token-2']);
  });

  it('of a submission that has to wait are made anew when they have ended meanwhile', async () => {
    await submit(0);
    expect(asked.created).toEqual([...CONCURRENCY_LIMIT, ...CONCURRENCY_LIMIT, ...CONCURRENCY_LIMIT]);
    expect(asked.stored).toEqual(['token-5', 'token-6']);
  });

  it('of somebody else stay when a config is refused because the dataset is full', async () => {
    const counts = { jobs_submitted: 1, tasks_per_job: 1, tasks_submitted: 1 };
    const { dataset_id } = await host.request(SubmitDataset, { description: 'd', group: 'users', ...counts }, ALICE);
    const config = (comment: string): string =>
      JSON.stringify({ version: 3.2, description: 'd', tasks: [{ name: 'a', trays: [{ modules: [{}] }] }], comment });
    const writer = { username: 'bob', roles: ['user'], groups: ['users'] };
    await host.request(PutConfig, { dataset_id, config: config(''), writer, account: 'bob' }, SERVICE);
    const put = (command: string) =>
      host.request(PutConfig, { dataset_id, config: config('x'.repeat(600_000)) }, ALICE, command);
    await put('first');
    const { deleted } = asked;
    expect(deleted).toBeGreaterThan(0);
    await expect(put('second')).rejects.toMatchObject({ kind: 'too-large' });
    // A repeat of what was accepted.
    await put('first');
    expect(asked.deleted).toBe(deleted);
  });
});
