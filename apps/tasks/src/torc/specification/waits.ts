import type { EdgeName } from '#contracts/torc/edges.js';
import type { Slot } from './names.js';

type Ends = readonly Slot[];

/** Edges from jobs to what they make, and to what they take: a maker blocks who takes (Torc contract 5.1). */
const THROUGH: readonly (readonly [makes: EdgeName, takes: EdgeName])[] = [
  ['produces', 'needs'],
  ['stores', 'consumes'],
];

function* pairsOf(ends: Ends): Generator<readonly [job: Slot, thing: Slot], void, void> {
  for (let at = 0; at < ends.length; at += 2) yield [ends[at] ?? 0, ends[at + 1] ?? 0];
}

/**
 * What waits for what, from what comes first to what comes next, one after the other: jobs for jobs, files and user data for who
 * makes them, and jobs for what they take. A job does not wait for what it makes itself (D37).
 */
export function* waits(edges: ReadonlyMap<EdgeName, Ends>): Generator<void, Ends, void> {
  const found: Slot[] = [...(edges.get('blocks') ?? [])];
  for (const [makes, takes] of THROUGH) {
    const makers = new Map<Slot, Set<Slot>>();
    for (const [job, thing] of pairsOf(edges.get(makes) ?? [])) {
      const known = makers.get(thing);
      if (known === undefined) makers.set(thing, new Set([job]));
      else known.add(job);
      found.push(job, thing);
      yield;
    }
    const takesOwn = new Map<Slot, Slot>();
    for (const [job, thing] of pairsOf(edges.get(takes) ?? [])) {
      yield;
      const own = makers.get(thing);
      if (own?.has(job) !== true) {
        found.push(thing, job);
        continue;
      }
      // It waits for the other makers alone. Two such jobs wait for each other.
      const before = takesOwn.get(thing);
      if (before !== undefined) found.push(before, job, job, before);
      else for (const maker of own) if (maker !== job) found.push(maker, job);
      takesOwn.set(thing, job);
    }
  }
  return found;
}
