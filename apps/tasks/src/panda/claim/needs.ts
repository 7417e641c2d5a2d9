import type { JobNeeds } from '#contracts/panda/events.js';

/** Bound of the cache: jobs of many tasks need the same. */
const CACHE_MAX = 20_000;

const known = new Map<string, JobNeeds>();

/** What claims compare, from the requirements of a unit: only deciders of this service write them. */
export const needsOf = (requirements: string): JobNeeds => {
  const cached = known.get(requirements);
  if (cached !== undefined) return cached;
  const needs = JSON.parse(requirements) as JobNeeds;
  if (known.size >= CACHE_MAX) known.clear();
  known.set(requirements, needs);
  return needs;
};
