import type { RetryRule } from './retry-rules.js';

/** PanDA queues, shares and resource types as all services see them (PanDA contract 3.14 to 3.16, 7.8, 10.1). */

/** A queue: its document with all defaults of contract 7.8 filled in, keys of the operator included. */
export interface Queue {
  readonly name: string;
  /** Raw JSON: what `/cache/schedconfig/<queue>.all.json` answers. */
  readonly document: string;
  readonly status: string;
  readonly state: string;
  readonly type: string;
  /** `score`, `mcore`, `ucore`. */
  readonly capability: string;
  readonly cloud: string;
  readonly site: string;
  /** 0 and null count as 1; -1 says that jobs keep the number of their task. */
  readonly cores: number;
  /** Megabytes, 0 for no limit. */
  readonly maxrss: number;
  readonly minrss: number;
  readonly meanrss: number;
  readonly maxwdir: number;
  /** Seconds, 0 for no limit. */
  readonly maxtime: number;
  readonly mintime: number;
  readonly workflow: string;
  readonly harvester: string;
}

/** Contract 3.14. */
export interface Share {
  readonly name: string;
  readonly value: number;
  readonly parent: string | null;
  readonly prodsourcelabel: string | null;
  readonly workinggroup: string | null;
  readonly campaign: string | null;
  readonly processingtype: string | null;
  readonly transpath: string | null;
  readonly vo: string | null;
  readonly rtype: string | null;
  readonly queue_id: number | null;
  readonly throttled: string | null;
}

/** Contract 3.16. */
export interface ResourceType {
  readonly resource_name: string;
  readonly mincore: number | null;
  readonly maxcore: number | null;
  /** Megabytes. */
  readonly minrampercore: number | null;
  readonly maxrampercore: number | null;
}

/** Whether a change follows the operator's document (contract 10.1), and which reading of it. */
export interface FromDocument {
  /** Digest of the document's entry, empty when the document has it no more. Absent when the change was made through the API. */
  readonly from_document?: string;
}

/**
 * Events of streams `site-panda.main.<queue>`; written by `pilots`, read by `tasks` too, which places jobs by them. Values are complete.
 */
export interface QueueEvents {
  /** A queue was added, or its configuration changed. */
  readonly QueueConfigured: FromDocument & { readonly queue: Queue };
  /** A queue was removed. */
  readonly QueueRemoved: FromDocument & { readonly name: string };
}

/** Events of the stream `directory-panda.main.configuration`. Lists are complete. Written by `pilots`, read by `tasks`. */
export interface PandaConfigurationEvents {
  /** The shares changed. */
  readonly SharesConfigured: FromDocument & { readonly shares: readonly Share[] };
  /** The resource types changed. */
  readonly ResourceTypesConfigured: FromDocument & { readonly resource_types: readonly ResourceType[] };
  /** The rules for failed jobs changed. */
  readonly RetryRulesConfigured: FromDocument & { readonly retry_rules: readonly RetryRule[] };
}

/** The shares without a configuration (contract 3.14). */
export const DEFAULT_SHARES: readonly Share[] = [
  ['Production', 70, 'managed'],
  ['User Analysis', 20, 'user|panda'],
  ['Test', 10, 'test|prod_test|ptest|install'],
].map(([name, value, label]) => ({
  name: String(name),
  value: Number(value),
  parent: null,
  prodsourcelabel: String(label),
  ...{ workinggroup: null, campaign: null, processingtype: null, transpath: null, vo: null, rtype: null },
  ...{ queue_id: null, throttled: null },
}));

const resourceType = (
  name: string,
  mincore: number,
  maxcore: number | null,
  minrampercore: number | null,
  maxrampercore: number | null,
): ResourceType => ({ resource_name: name, mincore, maxcore, minrampercore, maxrampercore });

/** The resource types without a configuration (contract 3.16). */
export const DEFAULT_RESOURCE_TYPES: readonly ResourceType[] = [
  resourceType('SCORE', 1, 1, null, 2000),
  resourceType('SCORE_HIMEM', 1, 1, 2001, null),
  resourceType('MCORE', 2, null, null, 2000),
  resourceType('MCORE_HIMEM', 2, null, 2001, null),
];

const COMPENSATION = 0.9;
const ANY_CORES = 8;

/**
 * The resource type of a job (contract 3.16): the first whose bounds contain its cores and its memory per core, or `Undefined`.
 *
 * @param cores null counts as 1, 0 as 8
 * @param ram megabytes, per core if the unit says so
 */
export const resourceTypeOf = (
  types: readonly ResourceType[],
  {
    cores,
    ram,
    unit,
    base,
  }: { readonly cores: number | null; readonly ram: number; readonly unit: string | null; readonly base: number },
): string => {
  const count = cores === null ? 1 : cores === 0 ? ANY_CORES : cores;
  const isPerCore = unit === 'MBPerCore' || unit === 'MBPerCoreFixed';
  const perCore = Math.trunc((((isPerCore ? ram * count : ram) + base) / count) * COMPENSATION);
  const isWithin = (value: number, min: number | null, max: number | null): boolean =>
    (min === null || value >= min) && (max === null || value <= max);
  const found = types.find(
    ({ mincore, maxcore, minrampercore, maxrampercore }) =>
      isWithin(count, mincore, maxcore) && isWithin(perCore, minrampercore, maxrampercore),
  );
  return found?.resource_name ?? 'Undefined';
};
