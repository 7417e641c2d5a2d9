import { BoundedPattern } from './bounded-pattern.js';

describe('patterns of clients', () => {
  it('match anywhere in a text', () => {
    expect(BoundedPattern.parse('^user\\.(a|b)')?.matches(['user.a.x', 'user.c', 'my user.a'])).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('are refused when they are none', () => expect(BoundedPattern.parse('(')).toBeUndefined());

  it('match nothing when they take too long', () => {
    const startedMs = performance.now();
    expect(BoundedPattern.parse('^(a+)+$')?.matches([`${'a'.repeat(60)}b`, 'a'])).toEqual([false, false]);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});
