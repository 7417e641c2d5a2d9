import { generatePassword, hashPassword, isRightPassword, PASSWORD_CHARACTERS_MIN } from './password.js';

describe('passwords', () => {
  it('are right when they are the same, however their letters are composed', async () => {
    const hash = await hashPassword('pässword');
    expect(hash).toMatch(/^scrypt\$/);
    expect(await isRightPassword('pässword'.normalize('NFD'), hash)).toBe(true);
    expect(await isRightPassword('password', hash)).toBe(false);
    expect(await hashPassword('pässword')).not.toBe(hash);
  });

  it('are never right without an account', async () => {
    expect(await isRightPassword('', undefined)).toBe(false);
    expect(await isRightPassword('x', undefined)).toBe(false);
  });

  it('are long and different when made', () => {
    expect(generatePassword().length).toBeGreaterThan(PASSWORD_CHARACTERS_MIN);
    expect(generatePassword()).not.toBe(generatePassword());
  });
});
