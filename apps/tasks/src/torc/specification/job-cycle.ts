/**
 * Jobs that block each other in a cycle, each blocked by the one before it; undefined when there is none.
 *
 * @param blocks blocker and dependent, one after the other
 */
export function* jobCycle(blocks: readonly number[]): Generator<void, readonly number[] | undefined, void> {
  /** Blockers that have not been followed yet. */
  const open = new Map<number, number[]>();
  for (let at = 0; at < blocks.length; at += 2) {
    const [blocker = 0, dependent = 0] = [blocks[at], blocks[at + 1]];
    const blockers = open.get(dependent);
    if (blockers === undefined) open.set(dependent, [blocker]);
    else blockers.push(blocker);
    yield;
  }
  const done = new Set<number>();
  for (const start of open.keys()) {
    // From dependent to blocker, depth first.
    const path = new Set([start]);
    const stack = [start];
    for (let job = stack.at(-1); job !== undefined; job = stack.at(-1)) {
      yield;
      const blocker = open.get(job)?.pop();
      if (blocker === undefined) {
        done.add(job);
        path.delete(job);
        stack.pop();
      } else if (path.has(blocker)) {
        return stack.slice(stack.indexOf(blocker)).reverse();
      } else if (!done.has(blocker)) {
        path.add(blocker);
        stack.push(blocker);
      }
    }
  }
  return undefined;
}
