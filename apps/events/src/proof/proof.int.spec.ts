import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { memoryLog } from '#bus/testing/serve-module.js';
import { Environment } from '#platform/environment.js';
import { eventually } from '#platform/testing/eventually.js';
import type { Caller } from '#bus/contract.js';
import {
  ListCheckpointKeys,
  ListCheckpoints,
  ReadCheckpoint,
  SignCheckpoint,
  VerifyHistory,
} from '#contracts/cairn/proof.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { NO_STREAM } from '#ledger/ledger.js';
import { PastLedger } from '#ledger/past-ledger.js';
import {
  CHECKPOINT_SIGNED,
  CheckpointKey,
  CHECKPOINTS_STREAM,
  isSignatureGood,
  type SignedCheckpoint,
} from '#ledger/proof/checkpoint.js';
import { ledgerSource } from '#ledger/proof/event-source.js';
import { readCheckpointFile } from '#ledger/proof/proof-files.js';
import { verifyHistory } from '#ledger/proof/verify-history.js';
import { EVENTS_REWRITTEN, REWRITES_STREAM, signRewrite } from '#ledger/rewrite/rewrites.js';
import { someEvent } from '#ledger/testing/new-events.js';
import { EventsModule } from '../events.module.js';
import { HistoryVerification, type Verification } from './history-verification.js';

const admin: Caller = { subject: 'root', username: 'root', roles: ['admin'], groups: [] };

describe('checkpoints of the history', () => {
  let service: ServiceHost;
  const revisions = new Map<string, number>();

  beforeEach(async () => {
    revisions.clear();
    service = new ServiceHost(EventsModule, { CHECKPOINT_SECONDS: '0' });
    await service.start();
  });

  afterEach(() => service.end());

  const append = async (stream: string, count: number): Promise<void> => {
    const revision = revisions.get(stream) ?? NO_STREAM;
    await service.ledger.append(
      stream,
      revision,
      Array.from({ length: count }, () => someEvent()),
    );
    revisions.set(stream, revision + count);
  };

  const sign = async (commandId?: string): Promise<SignedCheckpoint> =>
    JSON.parse((await service.request(SignCheckpoint, {}, admin, commandId)).document) as SignedCheckpoint;

  it('cover everything before them, follow each other, and fit whatever happens between', async () => {
    await append('work-iceprod.main.a', 300);
    const first = await sign();
    expect(first).toMatchObject({ number: 1, events: 300, streams: 1 });
    for (let round = 0; round < 5; round++) {
      await append(`work-iceprod.main.${round % 3}`, 7 * round + 1);
      await append('work-iceprod.main.a', 1);
      expect(isSignatureGood(await sign())).toBe(true);
      // Without its tables, the service goes on as if nothing had happened.
      if (round === 2) await service.rebuild();
      if (round === 3) {
        await service.stop();
        await service.start();
      }
    }
    const { faults, checkpoints } = await verifyHistory(ledgerSource(service.ledger));
    expect({ faults, checkpoints }).toEqual({ faults: [], checkpoints: 6 });
  });

  it('are signed once for one command, also when it is repeated', async () => {
    await append('work-iceprod.main.a', 3);
    expect(await sign('the same')).toEqual(await sign('the same'));
    expect((await sign()).number).toBe(2);
  });

  it('are listed in pages, and read as files', async () => {
    for (let count = 0; count < 5; count++) await sign();
    const numbers: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await service.request(ListCheckpoints, { limit: 2, ...(cursor && { cursor }) }, admin);
      numbers.push(...page.entries.map((entry) => (JSON.parse(entry) as SignedCheckpoint).number));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(numbers).toEqual([5, 4, 3, 2, 1]);
    const { document } = await service.request(ReadCheckpoint, { number: 3 }, admin);
    const { checkpoint } = readCheckpointFile(document);
    expect(checkpoint.number).toBe(3);
    const { keys } = await service.request(ListCheckpointKeys, {}, admin);
    expect(keys).toEqual([expect.objectContaining({ kid: checkpoint.key, x: checkpoint.public_key })]);
    await expect(service.request(ReadCheckpoint, { number: 6 }, admin)).rejects.toThrow('Checkpoint not found');
  });

  it('keep their key encrypted, and sign nothing when it cannot be decrypted', async () => {
    await sign();
    await service.stop();
    rmSync(join(service.folder, 'keys'), { recursive: true });
    await service.start();
    await expect(sign()).rejects.toThrow('cannot be decrypted');
  });

  it('have their keys shown, and those that have signed records of replaced names', async () => {
    const { public_key: first } = await sign();
    const key = CheckpointKey.make();
    const rewrite = signRewrite({ number: 1, pseudonym: 'person-1', events: [[1, 1]], seals: '' }, key);
    await service.ledger.append(REWRITES_STREAM, NO_STREAM, [{ ...someEvent(rewrite), type: EVENTS_REWRITTEN }]);
    await service.rebuild();
    await sign();
    const { keys } = await service.request(ListCheckpointKeys, {}, admin);
    expect(keys.map(({ x }) => x)).toEqual([key.jwk.x, first]);
    const { entries } = await service.request(ListCheckpoints, { limit: 10 }, admin);
    expect(entries).toHaveLength(2);
  });

  it('are signed by themselves', async () => {
    await service.end();
    service = new ServiceHost(EventsModule, { CHECKPOINT_SECONDS: '1' });
    await service.start();
    await eventually(async () => {
      const { entries } = await service.request(ListCheckpoints, { limit: 10 }, admin);
      return entries.length >= 2;
    }, true);
  });

  it('are signed by themselves though the clock was ahead at the last one', async () => {
    await service.end();
    service = new ServiceHost(EventsModule, { CHECKPOINT_SECONDS: '1' });
    await service.start();
    const summary = { events: 0, streams: 0, root: '0'.repeat(64), log: '0'.repeat(64), previous: '0'.repeat(64) };
    const ahead = CheckpointKey.make().sign({ number: 1, ...summary, time: '2100-01-31T12:00:00.000000Z' });
    await service.ledger.append(CHECKPOINTS_STREAM, NO_STREAM, [{ ...someEvent(ahead), type: CHECKPOINT_SIGNED }]);
    await service.stop();
    await service.start();
    await eventually(async () => {
      const { entries } = await service.request(ListCheckpoints, { limit: 10 }, admin);
      return entries.length >= 2;
    }, true);
  });

  it('are compared with the history when somebody asks', async () => {
    await append('work-iceprod.main.a', 3);
    await sign();
    const whole = { state: 'whole', events: 4, streams: 2, checkpoints: 1, faults: [] };
    await eventually(async () => {
      const { document } = await service.request(VerifyHistory, {}, admin);
      return JSON.parse(document) as Verification;
    }, expect.objectContaining(whole));
  });

  it('are compared with the past when that is what is shown', async () => {
    await append('work-iceprod.main.a', 3);
    await sign();
    await append('work-iceprod.main.a', 2);
    const environment = Object.assign(new Environment(), { CAIRN_DATA_DIR: join(service.folder, 'past') });
    const past = new PastLedger(service.ledger, 4);
    const state = await new HistoryVerification(environment, memoryLog().log, past).state();
    expect(state).toMatchObject({ state: 'whole', events: 4, checkpoints: 1 });
    expect(existsSync(environment.CAIRN_DATA_DIR)).toBe(false);
  });
});
