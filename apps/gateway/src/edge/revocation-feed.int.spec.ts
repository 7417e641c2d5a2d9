import { Controller } from '@nestjs/common';
import type { Answer, Message } from '#bus/contract.js';
import { ListRevocations, type RevocationsAfter, type RevocationsReply } from '#contracts/tokens.js';
import { ListRoles } from '#contracts/iceprod/users.js';
import { DomainError } from '#platform/domain-error.js';
import { eventually } from '#platform/testing/eventually.js';
import { Answers, type RunningGateway, startGateway, tokenOf } from '../testing/start-gateway.js';

/** What `auth` answers, in pages of one revocation. */
const recorded = { isUp: false, subjects: ['zoe', 'bob'], numbering: 'first' };

@Controller()
class RecordedRevocations {
  @Answers(ListRevocations)
  list({ request: { cursor } }: Message<RevocationsAfter>): Answer<RevocationsReply> {
    const { isUp, subjects, numbering } = recorded;
    if (!isUp) return { error: new DomainError('unavailable', 'test.down', 'down').toValue() };
    const after = cursor?.numbering === numbering ? cursor.sequence : 0;
    const page = subjects.slice(after, after + 1);
    return {
      reply: {
        revocations: page.map((subject) => ({ subject, revokedAtMs: Date.now() + 60_000 })),
        cursor: { numbering, sequence: after + page.length },
        isLast: after + page.length === subjects.length,
      },
    };
  }
}

@Controller()
class Roles {
  @Answers(ListRoles)
  list(): Answer<{ results: readonly string[] }> {
    return { reply: { results: [] } };
  }
}

describe('revocations at the gateway', () => {
  let gateway: RunningGateway;
  const statusFor = async (username: string): Promise<number> => {
    const headers = { authorization: `Bearer ${await tokenOf(username, 'admin')}` };
    return (await fetch(`${gateway.url}/roles`, { headers })).status;
  };

  beforeAll(async () => {
    gateway = await startGateway([Roles], {}, RecordedRevocations);
  });
  afterAll(() => gateway.close());

  it('are needed before any token is accepted', async () => {
    for (const username of ['alice', 'bob']) expect(await statusFor(username)).toBe(503);
    expect(gateway.logged().match(/Revocations not available/g)).toHaveLength(1);
    recorded.isUp = true;
    expect(await statusFor('alice')).toBe(200);
    for (const revoked of recorded.subjects) expect(await statusFor(revoked)).toBe(403);
  });

  it('are asked for again and again, and read from the beginning after a restart of the service', async () => {
    expect(await statusFor('carol')).toBe(200);
    recorded.subjects.push('carol');
    await eventually(() => statusFor('carol'), 403);
    Object.assign(recorded, { numbering: 'second', subjects: ['dora'] });
    await eventually(() => statusFor('dora'), 403);
    expect(await statusFor('bob')).toBe(403);
  });

  it('stay known while the service is down', async () => {
    recorded.isUp = false;
    expect(await statusFor('bob')).toBe(403);
    expect(await statusFor('alice')).toBe(200);
  });
});
