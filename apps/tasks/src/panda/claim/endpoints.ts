import type { Queue } from '#contracts/panda/queues.js';

/** Storages of a queue; empty where it has none (contract 7.8: with `mv` no storage is needed). */
export interface Endpoints {
  readonly input: string;
  readonly output: string;
}

const NONE: Endpoints = { input: '', output: '' };

const known = new WeakMap<Queue, Endpoints>();

/** The first storage of an activity, in order of preference. */
const firstOf = (storages: Readonly<Record<string, unknown>>, activities: readonly string[]): string => {
  for (const activity of activities) {
    const names = storages[activity];
    const first: unknown = Array.isArray(names) ? names[0] : undefined;
    if (typeof first === 'string') return first;
  }
  return '';
};

/** The storages from which inputs are read and to which outputs are written, by `astorages` of the queue's document. */
export const endpointsOf = (queue: Queue | undefined): Endpoints => {
  if (queue === undefined) return NONE;
  const cached = known.get(queue);
  if (cached !== undefined) return cached;
  const { astorages } = JSON.parse(queue.document) as { readonly astorages?: unknown };
  const storages = typeof astorages === 'object' && astorages !== null ? { ...astorages } : {};
  const endpoints = {
    input: firstOf(storages, ['read_lan', 'pr']),
    output: firstOf(storages, ['write_lan', 'pw']),
  };
  known.set(queue, endpoints);
  return endpoints;
};
