import { TurnBudget } from './turn-budget.js';

/** Takes 3 ms: two of them fill a turn. */
const compute = (): void => {
  const endMs = performance.now() + 3;
  while (performance.now() < endMs);
};

it('lets the process do other work between computations', async () => {
  const budget = new TurnBudget();
  let turns = 0;
  const count = (): void => {
    turns += 1;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  await Promise.all(Array.from({ length: 20 }, () => budget.run(compute)));
  clearImmediate(counting);
  expect(turns).toBeGreaterThanOrEqual(9);
});

it('runs a short computation at once', async () => {
  let turns = 0;
  const counting = setImmediate(() => (turns += 1));
  await expect(new TurnBudget().run(() => 'done')).resolves.toBe('done');
  expect(turns).toBe(0);
  clearImmediate(counting);
});

it('passes on what a computation throws', async () => {
  const budget = new TurnBudget();
  await expect(budget.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
});
