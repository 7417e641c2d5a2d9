import type { Share } from '#contracts/panda/queues.js';
import type { StatisticsRequest } from '#contracts/panda/statistics.js';
import type { JobClass, JobCount, JobCounts } from '../count/job-counts.js';

/** Labels by the word for them (contract 8). */
const LABELS: Readonly<Record<'production' | 'analysis', ReadonlySet<string>>> = {
  analysis: new Set(['user', 'panda']),
  production: new Set(['managed', 'ptest', 'rc_test', 'rc_test2', 'rc_alrb']),
};

const MICROS_PER_MINUTE = 60_000_000;

/** How long ago jobs may have ended that count in statistics by cloud. */
const CLOUD_MINUTES = 12 * 60;

/** Statuses that are told of each site although no job has them (trap 42). */
const FILLED_OF_SITES = ['assigned', 'activated', 'running'];
const FILLED_OF_TYPES = ['assigned', 'activated', 'running', 'finished', 'failed'];

/** Names by which counts are nested, from the outermost, and the status. */
type Path = (jobClass: JobClass) => readonly string[];

/** Numbers of jobs as raw JSON, nested as the question says (contract 8). */
export const jobStatistics = (
  counts: JobCounts,
  shares: readonly Share[],
  request: StatisticsRequest,
  timeMicros: number,
): string => {
  const during = (minutes: number): readonly JobCount[] => [
    ...counts.active(),
    ...counts.endedSince(timeMicros - minutes * MICROS_PER_MINUTE),
  ];
  const labelled = (word: keyof typeof LABELS): readonly JobCount[] =>
    during(CLOUD_MINUTES).filter(({ jobClass }) => LABELS[word].has(jobClass.label));
  const named = (name: string): string => (name === '' ? 'Undefined' : name);
  switch (request.by) {
    case 'cloud':
      return nested(labelled(request.jobs), ({ cloud }) => [named(cloud)]);
    case 'cloud-and-processing-type':
      return nested(labelled('production'), ({ cloud, processingType }) => [named(cloud), named(processingType)]);
    case 'site': {
      const active = counts.active().filter(({ status }) => status !== 'merging');
      return nested(active.filter(hasSite), ({ site }) => [site], FILLED_OF_SITES);
    }
    case 'site-in-detail':
      return nested(counts.active().filter(hasSite), ({ site, resourceType, label }) => [
        ...[site, named(resourceType), named(label)],
      ]);
    case 'site-and-resource-type':
      return nested(
        during(request.minutes).filter(hasSite),
        ({ site, resourceType }) => [site, named(resourceType)],
        FILLED_OF_TYPES,
      );
    case 'site-share-and-resource-type': {
      const labels = new Map(shares.map(({ name, prodsourcelabel }) => [name, prodsourcelabel]));
      return nested(during(request.minutes).filter(hasSite), ({ site, share, resourceType }) => [
        ...[site, labelOf(labels.get(share)), named(resourceType)],
      ]);
    }
  }
};

const hasSite = ({ jobClass }: JobCount): boolean => jobClass.site !== '';

/** The label of a share (trap 41). It may be a pattern of several: the first one stands for them. */
const labelOf = (pattern: string | null | undefined): string => pattern?.split('|')[0] ?? 'unknown';

/** Counts of jobs by status. */
type ByStatus = Map<string, number>;
type Tree = Map<string, Tree | ByStatus>;

const nested = (counts: readonly JobCount[], pathOf: Path, filled: readonly string[] = []): string => {
  const groups = new Map<string, { readonly path: readonly string[]; readonly counts: ByStatus }>();
  const groupOf = (jobClass: JobClass): ByStatus => {
    const path = pathOf(jobClass);
    const name = path.join('\n');
    let group = groups.get(name);
    if (group === undefined) groups.set(name, (group = { path, counts: new Map(filled.map((status) => [status, 0])) }));
    return group.counts;
  };
  // A class has a count for each status, but one path.
  const byClass = new Map<JobClass, ByStatus>();
  for (const { jobClass, status, n } of counts) {
    let ofClass = byClass.get(jobClass);
    if (ofClass === undefined) byClass.set(jobClass, (ofClass = groupOf(jobClass)));
    ofClass.set(status, (ofClass.get(status) ?? 0) + n);
  }
  const root: Tree = new Map();
  for (const { path, counts: byStatus } of groups.values()) place(root, path, byStatus);
  return textOf(root);
};

const place = (tree: Tree, [name = '', ...rest]: readonly string[], counts: ByStatus): void => {
  if (rest.length === 0) {
    tree.set(name, counts);
    return;
  }
  let below = tree.get(name) as Tree | undefined;
  if (below === undefined) tree.set(name, (below = new Map()));
  place(below, rest, counts);
};

const textOf = (tree: Tree | ByStatus): string =>
  `{${[...tree]
    .map(([name, value]) => `${JSON.stringify(name)}:${typeof value === 'number' ? value : textOf(value)}`)
    .join(',')}}`;
