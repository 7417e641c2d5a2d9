import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CannotStart } from '../cannot-start.js';
import { SigningKey } from './signing-key.js';

describe('the signing key', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-keys-'));
  const data = join(folder, 'new', 'data');
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is made once, however many open it at the same time', async () => {
    const opened = await Promise.all(Array.from({ length: 8 }, () => SigningKey.open(data)));
    const again = await SigningKey.open(data);
    expect(new Set([...opened, again].map((key) => key.publicJwk.kid)).size).toBe(1);
    expect(readdirSync(join(data, 'keys'))).toEqual(['signing-key.pem']);
  });

  it('is for the owner only', async () => {
    await SigningKey.open(data);
    expect(statSync(join(data, 'keys')).mode & 0o777).toBe(0o700);
    expect(statSync(join(data, 'keys', 'signing-key.pem')).mode & 0o777).toBe(0o600);
  });

  it('shows only its public half', async () => {
    expect(Object.keys((await SigningKey.open(data)).publicJwk).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });

  it('gives way to another one, and still checks what it has signed', async () => {
    const before = await SigningKey.open(data);
    const after = await SigningKey.rotate(data);
    expect(after.publicJwk.kid).not.toBe(before.publicJwk.kid);
    expect((await SigningKey.open(data)).publicJwk).toEqual(after.publicJwk);
    const kids = (await SigningKey.openAll(data)).map(({ publicJwk }) => publicJwk.kid);
    expect(kids).toEqual([after.publicJwk.kid, before.publicJwk.kid]);
    const names = readdirSync(join(data, 'keys')).sort();
    expect(names).toEqual(['signing-key.pem', `signing-key-${before.publicJwk.kid}.pem`].sort());
    for (const name of names) expect(statSync(join(data, 'keys', name)).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['', 'is empty'],
    ['\n', 'is empty'],
    ['no key', 'holds no private key'],
  ])('is not made anew in the place of one that cannot be read: %j', async (text, why) => {
    const broken = join(folder, `broken ${text.length}`);
    const file = join(broken, 'keys', 'signing-key.pem');
    mkdirSync(join(broken, 'keys'), { recursive: true });
    writeFileSync(file, text, { mode: 0o600 });
    const message = `${file} ${why}; restore it, or delete it to have another made`;
    await expect(SigningKey.openAll(broken)).rejects.toThrow(new CannotStart(message));
  });
});
