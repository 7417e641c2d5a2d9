import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Caller } from '#bus/contract.js';
import { ChangeSecrets, GetSecretsOfOwner } from '#contracts/panda/secrets.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { AuthModule } from '../../auth.module.js';

const CALLER: Caller = { subject: 'Demo User', username: 'Demo User', roles: [], groups: [] };

describe('secrets of users', () => {
  const host = new ServiceHost(AuthModule);

  beforeAll(() => host.start());
  afterAll(() => host.end());

  const change = (owner: string, key: string | null, value: string | null, commandId?: string): Promise<unknown> =>
    host.request(ChangeSecrets, { owner, key, value }, CALLER, commandId);

  const secretsOf = async (owner: string, keys?: readonly string[]): Promise<unknown> => {
    const { document } = await host.request(GetSecretsOfOwner, { owner, ...(keys && { keys }) }, CALLER);
    return document;
  };

  const sealedIds = (): readonly unknown[] => {
    const file = new DatabaseSync(join(host.folder, 'key-value-store', 'auth.sqlite'), { readOnly: true });
    try {
      return file.prepare("SELECT * FROM entry WHERE key LIKE 'panda-secrets/%'").all();
    } finally {
      file.close();
    }
  };

  it('are kept per owner, as Python writes them, also behind a restart and a rebuild', async () => {
    expect(await secretsOf('Demo User')).toBeUndefined();
    await change('Demo User', 'MY_KEY', 's3cret');
    await change('Demo User', '___file___:cert', 'QUJD');
    await change('Other User', 'MY_KEY', 'another');
    const check = async (): Promise<void> => {
      expect(await secretsOf('Demo User')).toBe('{"MY_KEY": "s3cret", "___file___:cert": "QUJD"}');
      expect(await secretsOf('Demo User', ['MY_KEY', 'absent'])).toBe('{"MY_KEY": "s3cret"}');
      expect(await secretsOf('Other User')).toBe('{"MY_KEY": "another"}');
    };
    await check();
    await host.rebuild();
    await check();
    expect(sealedIds()).toHaveLength(2);
  });

  it('are replaced and deleted, a file with its twin, or all', async () => {
    const owner = 'deleting';
    await change(owner, 'a', '1');
    await change(owner, 'a', '2');
    await change(owner, 'b', '3');
    await change(owner, '___file___:b', 'Qg==');
    await change(owner, 'c', '4');
    await change(owner, 'absent', null);
    await change(owner, 'b', null);
    expect(await secretsOf(owner)).toBe('{"a": "2", "c": "4"}');
    await change(owner, null, null);
    expect(await secretsOf(owner)).toBeUndefined();
    await change(owner, null, null);
    await change(owner, 'd', '5');
    expect(await secretsOf(owner)).toBe('{"d": "5"}');
  });

  it('take keys that mean something to JavaScript', async () => {
    await change('odd', '__proto__', '1');
    await change('odd', 'constructor', '2');
    await change('odd', '', '3');
    expect(await secretsOf('odd')).toBe('{"__proto__": "1", "constructor": "2", "": "3"}');
  });

  it('stay as a later change made them when an earlier one is repeated', async () => {
    await change('repeated', 'a', '1', 'first');
    await change('repeated', 'a', '2', 'second');
    const before = sealedIds().length;
    await change('repeated', 'a', '1', 'first');
    expect(await secretsOf('repeated')).toBe('{"a": "2"}');
    expect(sealedIds()).toHaveLength(before);
  });

  it('do not get lost when many change at once', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `key${String(index)}`);
    await Promise.all(names.map((name) => change('many', name, name)));
    expect(Object.keys(JSON.parse(String(await secretsOf('many'))) as object).sort()).toEqual([...names].sort());
  });

  it('are refused when they are too large, and those before stay', async () => {
    await change('large', 'a', 'x'.repeat(600_000));
    await expect(change('large', 'b', 'x'.repeat(600_000))).rejects.toThrow('secrets of one user may have');
    expect(Object.keys(JSON.parse(String(await secretsOf('large'))) as object)).toEqual(['a']);
  });

  it('are nowhere in readable form', async () => {
    await change('hidden', 'key of the hidden', 'value of the hidden');
    await host.stop();
    for (const file of ['ledger.sqlite', 'key-value-store/auth.sqlite', 'read-models/auth.sqlite']) {
      const bytes = readFileSync(join(host.folder, file));
      expect(bytes.includes('of the hidden')).toBe(false);
    }
    await host.start();
    expect(await secretsOf('hidden')).toBe('{"key of the hidden": "value of the hidden"}');
  });
});
