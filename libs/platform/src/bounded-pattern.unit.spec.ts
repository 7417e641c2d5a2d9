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

  it('have their time while the machine is busy with something else', () => {
    let tries = 0;
    const texts = Object.defineProperty(['b', 'a'], 0, {
      get: () => {
        tries += 1;
        // This thread does not run for longer than the first two may take.
        if (tries <= 2) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
        return 'b';
      },
    });
    expect(BoundedPattern.parse('a')?.matches(texts)).toEqual([false, true]);
    expect(tries).toBeGreaterThan(2);
  });
});
