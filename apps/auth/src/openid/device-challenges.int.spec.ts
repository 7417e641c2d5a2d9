import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteKeyValueStore } from '#storage/sqlite-key-value-store.js';
import { DeviceChallenges } from './device-challenges.js';
import { DEVICE_GRANT } from './key-value-adapter.js';

// RFC 7636, appendix B.
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

const form = (fields: Readonly<Record<string, string>>) => new URLSearchParams(fields);

it('asks for the verifier of whoever sent a challenge, and of nobody else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-challenges-'));
  const keyValueStore = new SqliteKeyValueStore(join(folder, 'auth.sqlite'));
  const challenges = new DeviceChallenges(keyValueStore);
  const poll = (fields: Readonly<Record<string, string>>): Promise<boolean> =>
    challenges.areMet(form({ grant_type: DEVICE_GRANT, ...fields }));
  const soonMs = Date.now() + 600_000;
  await challenges.remember(form({ code_challenge: CHALLENGE }), 'challenged', soonMs);
  await challenges.remember(form({}), 'open', soonMs);
  expect(await poll({ device_code: 'challenged', code_verifier: VERIFIER })).toBe(true);
  expect(await poll({ device_code: 'challenged', code_verifier: CHALLENGE })).toBe(false);
  expect(await poll({ device_code: 'challenged' })).toBe(false);
  expect(await poll({ device_code: 'open' })).toBe(true);
  expect(await challenges.areMet(form({ grant_type: 'refresh_token', device_code: 'challenged' }))).toBe(true);
  await keyValueStore.close();
  await rm(folder, { recursive: true });
});

it.each([
  [{}, true],
  [{ code_challenge: CHALLENGE }, true],
  [{ code_challenge: CHALLENGE, code_challenge_method: 'S256' }, true],
  [{ code_challenge: CHALLENGE, code_challenge_method: 'plain' }, false],
  [{ code_challenge: '' }, false],
  [{ code_challenge: 'x'.repeat(5000) }, false],
])('takes challenges that can be met only: %j', async (fields, expected) => {
  const keyValueStore = new SqliteKeyValueStore(':memory:');
  expect(new DeviceChallenges(keyValueStore).isUsable(form(fields))).toBe(expected);
  await keyValueStore.close();
});
