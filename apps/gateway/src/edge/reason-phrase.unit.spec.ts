import { STATUS_CODES } from 'node:http';
import { REASON_PHRASE_MAX, reasonPhrase } from './reason-phrase.js';

describe('reasonPhrase', () => {
  it('leaves ordinary texts as they are', () => {
    expect(reasonPhrase('key "status" should be of type str')).toBe('key "status" should be of type str');
    expect(reasonPhrase(STATUS_CODES[418] ?? '')).toBe("I'm a Teapot");
  });

  it('removes control characters, so that no header can be smuggled in', () => {
    expect(reasonPhrase('bad\r\nSet-Cookie: a=b\u0000\u0085')).toBe('bad Set-Cookie: a=b');
  });

  it('keeps Latin-1 and replaces the rest, a surrogate pair by one mark', () => {
    expect(reasonPhrase('Größe → 🗻')).toBe('Größe ? ?');
  });

  it('is cut', () => {
    expect(reasonPhrase('x'.repeat(100_000))).toHaveLength(REASON_PHRASE_MAX);
  });
});
