import type { Phase } from '../../engine/phase.js';

/** How a remembered offer matches a task. */
export interface OfferMatch {
  /** Whether the offer takes from the ready queue of the task. */
  readonly concerns: boolean;
  /** Requirements of the task that the offer does not meet. */
  readonly unmet: readonly { readonly name: string }[];
  /** Whether the filters of the offer leave the task out. */
  readonly isFiltered: boolean;
}

/** What the reason follows from. */
export interface Circumstances {
  readonly status: string;
  readonly phase: Phase;
  readonly site: string;
  /** Status of its dataset; absent when nobody has submitted one. */
  readonly datasetStatus: string | undefined;
  readonly openDependencies: number;
  /** The first of them. Its status is undefined when it does not exist. */
  readonly firstOpen: { readonly id: string; readonly status: string | undefined } | undefined;
  /** How many tasks of its ready class are claimed first; undefined when it is in no ready queue. */
  readonly ahead: number | undefined;
  /** It has failed, and until then pilots that name themselves do not get it. Absent when it does not wait. */
  readonly notBefore?: string | undefined;
  readonly offers: readonly OfferMatch[];
  /** Whether this Cairn queues tasks by itself. */
  readonly isAutomatic: boolean;
  /** Whether the backlog is full. */
  readonly isFull: boolean;
}

const many = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

const isMatch = ({ unmet, isFiltered }: OfferMatch): boolean => unmet.length === 0 && !isFiltered;

/** What the offers do not meet, the most frequent first. */
const obstacles = (offers: readonly OfferMatch[]): readonly string[] => {
  const counts = new Map<string, number>();
  const count = (word: string): unknown => counts.set(word, (counts.get(word) ?? 0) + 1);
  for (const { unmet, isFiltered } of offers) {
    for (const { name } of unmet) count(name);
    if (isFiltered) count('filters of the offer');
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([word]) => word);
};

/** Why a task without open dependencies is not queued yet. */
const reasonOfIdle = ({ datasetStatus, isAutomatic, isFull }: Circumstances): string => {
  const start = 'It depends on nothing that is open';
  if (datasetStatus === undefined) return `${start}, but nobody has submitted its dataset: only a client can queue it.`;
  if (!isAutomatic) return `${start} and waits for a client to queue it: this Cairn does not queue by itself.`;
  if (isFull) return `${start}, but as many tasks wait for workers as may; it is queued when there is room.`;
  return `${start} and is about to be queued.`;
};

const reasonOfReady = (ahead: number, offers: readonly OfferMatch[]): string => {
  const concerned = offers.filter(({ concerns }) => concerns);
  if (concerned.length > 0 && !concerned.some(isMatch)) {
    return `It is ready, but fits none of the offers last seen (${concerned.length}): ${obstacles(concerned).join(', ')}.`;
  }
  if (concerned.length === 0) return 'It is ready, but no worker has asked for tasks like it since Cairn started.';
  const turn =
    ahead === 0
      ? 'no task of its kind goes first'
      : `${many(ahead, 'task')} of its kind ${ahead === 1 ? 'goes' : 'go'} first`;
  return `It is ready and waits for a worker to ask; ${turn}.`;
};

/** Says in one sentence why the task is not running: it names the first thing that has to change. */
export const reasonOf = (circumstances: Circumstances): string => {
  const { status, phase, site, datasetStatus, openDependencies, firstOpen, ahead, offers } = circumstances;
  const atSite = site === '' ? '' : ` at ${site}`;
  if (phase === 'succeeded') return 'It is complete.';
  if (phase === 'running') return `It is running${atSite}.`;
  if (phase === 'claimed' && ahead === undefined) {
    return `It was handed to a worker${atSite} that has not started it yet.`;
  }
  if (phase === 'failed') return 'It has failed and waits until somebody resets it.';
  if (datasetStatus !== undefined && datasetStatus !== 'processing') {
    return `Its dataset is ${datasetStatus}: only tasks of processing datasets are handed out.`;
  }
  if (status === 'suspended') return 'It is suspended and waits until somebody resets it.';
  if (openDependencies > 0) {
    const first = firstOpen === undefined ? '' : `, such as ${firstOpen.id} (${firstOpen.status ?? 'unknown'})`;
    return `It waits for ${many(openDependencies, 'task')} to complete${first}.`;
  }
  if (ahead === undefined) return reasonOfIdle(circumstances);
  const { notBefore } = circumstances;
  return notBefore === undefined
    ? reasonOfReady(ahead, offers)
    : `It has failed: pilots that name themselves get it again after ${notBefore} (UTC).`;
};
