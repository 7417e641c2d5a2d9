import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CannotStart } from './cannot-start.js';
import { SecretKeys } from './secret-keys.js';

describe('SecretKeys', () => {
  let dataFolder: string;

  beforeEach(() => {
    dataFolder = mkdtempSync(join(tmpdir(), 'cairn-secret-keys-'));
  });

  afterEach(() => rmSync(dataFolder, { recursive: true }));

  it('opens after a restart what it has encrypted, for the same context only', async () => {
    const encrypted = (await SecretKeys.open({ dataFolder })).encrypt('secret', 'of alice');
    const again = await SecretKeys.open({ dataFolder });
    expect(again.decrypt(encrypted, 'of alice')).toBe('secret');
    expect(again.decrypt(encrypted, 'of bob')).toBeUndefined();
  });

  it('names a file that holds no key', async () => {
    mkdirSync(join(dataFolder, 'keys'));
    const file = join(dataFolder, 'keys', 'credentials-key');
    writeFileSync(file, 'short', { mode: 0o600 });
    const message = `${file} holds no 32 bytes in base 64; restore it, or delete it to have another made`;
    await expect(SecretKeys.open({ dataFolder })).rejects.toThrow(new CannotStart(message));
  });
});
