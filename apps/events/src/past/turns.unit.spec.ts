import { Turns } from './turns.js';

describe('Turns', () => {
  const answered: string[] = [];
  const open: (() => void)[] = [];
  const answer = (name: string) => async (): Promise<void> => {
    answered.push(name);
    await new Promise<void>((resolve) => open.push(resolve));
  };
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('let each caller have some answers at a time, and leave out what nobody waits for any more', async () => {
    const turns = new Turns(2);
    const soon = Date.now() + 60_000;
    const questions = ['a1', 'a2', 'a3', 'a4'].map((name) => turns.take('alice', soon, answer(name)));
    const late = turns.take('alice', Date.now() - 1, answer('late'));
    const refused = expect(late).rejects.toMatchObject({ kind: 'unavailable' });
    questions.push(turns.take('bob', soon, answer('b1')));
    await settled();
    expect(answered).toEqual(['a1', 'a2', 'b1']);
    open.shift()?.();
    await settled();
    expect(answered).toEqual(['a1', 'a2', 'b1', 'a3']);
    while (open.length > 0) {
      open.shift()?.();
      await settled();
    }
    await Promise.all([...questions, refused]);
    expect(answered).toEqual(['a1', 'a2', 'b1', 'a3', 'a4']);
  });

  it('go on after a failure', async () => {
    const turns = new Turns(1);
    const failed = turns.take('alice', Infinity, () => Promise.reject(new Error('no')));
    const next = turns.take('alice', Infinity, () => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});
