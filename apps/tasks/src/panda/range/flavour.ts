import type { Job } from '../view.js';

type Attributes = Pick<Job, 'attributes'>;

/** Flavours of tasks, `task.eventService` (contract 3.1). */
export const TASK_FLAVOURS = { none: 0, eventService: 1, cloning: 2, fineGrained: 3 } as const;

/** Flavours of jobs, `job.eventService` (contract 5). */
export const FLAVOURS = { consumer: 1, merge: 2, cloning: 3, jumbo: 4, coJumbo: 5, fineGrained: 6 } as const;

const hasFlavour =
  (...flavours: readonly number[]) =>
  ({ attributes: { eventService } }: Attributes): boolean =>
    eventService !== null && flavours.includes(eventService);

const tokensOf = ({ attributes: { specialHandling } }: Attributes): readonly string[] =>
  (specialHandling ?? '').split(',');

/** Clones are told from consumers by the token `sc:<mode>` (contract 3.4.1, 5.5). */
const cloneToken = (job: Attributes): string | undefined => tokensOf(job).find((token) => token.startsWith('sc:'));

/** Whether a job processes event ranges or merges their outputs, or is a clone. */
export const isOfEventService = hasFlavour(...Object.values(FLAVOURS));
export const isMerge = hasFlavour(FLAVOURS.merge);
export const isJumbo = hasFlavour(FLAVOURS.jumbo);
export const isFineGrained = hasFlavour(FLAVOURS.fineGrained);
export const isClone = (job: Attributes): boolean => hasFlavour(FLAVOURS.cloning)(job) || cloneToken(job) !== undefined;
/** It processes event ranges one by one, and can end at any moment. */
export const isConsumer = (job: Attributes): boolean => isOfEventService(job) && !isMerge(job) && !isClone(job);
/** The first clone that runs wins, not the first that stores its output. */
export const runsOnce = (job: Attributes): boolean => cloneToken(job) !== 'sc:2';
/** Whether it may end although some of its ranges are hopeless. */
export const acceptsPartial = (job: Attributes): boolean => tokensOf(job).includes('ap');
