import type { JobsAmended, PandaEvents, PandaUnitEvents } from '#contracts/panda/events.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import { rangesOf, slicesOf } from '#contracts/ranges.js';
import type { Ranges, UnitEvents } from '#contracts/work-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { Job } from './view.js';

/** Events of a task's stream by type, those of the engine with what PanDA adds to them. */
type TaskEvents = Omit<UnitEvents, keyof PandaUnitEvents> & PandaUnitEvents & PandaEvents;

/** Types of events that change many jobs alike. */
type JobChange =
  'UnitsClaimed' | 'UnitStarted' | 'UnitsMoved' | 'UnitSucceeded' | 'UnitFailed' | 'JobsAmended' | 'JobsPlaced';

/** Most jobs of one event: with their files it is applied in some milliseconds. */
const JOBS_PER_EVENT = 1_000;

interface Group {
  readonly stream: string;
  readonly type: JobChange;
  readonly data: object;
  readonly ordinals: number[];
}

/** The event that sets attributes of one job. */
export const jobAmended = (
  { home, ordinal }: Pick<Job, 'home' | 'ordinal'>,
  set: JobAttributes,
  kind: JobsAmended['kind'],
): DecidedEvent => {
  const data: JobsAmended = { units: [[ordinal, ordinal]], set, kind };
  return { stream: home.stream, type: 'JobsAmended', data };
};

/** Collects changes of different jobs. Those of one stream that change alike are in the same event. */
export class JobChanges {
  private readonly groups = new Map<string, Group>();

  add<Type extends JobChange>(
    stream: string,
    ordinal: number,
    type: Type,
    data: Omit<TaskEvents[Type], 'units'>,
  ): void {
    const name = `${stream}\n${type}\n${JSON.stringify(data)}`;
    const group = this.groups.get(name);
    if (group === undefined) this.groups.set(name, { stream, type, data, ordinals: [ordinal] });
    else group.ordinals.push(ordinal);
  }

  /** In the order in which the first jobs of the events were added. */
  events(): DecidedEvent[] {
    return [...this.groups.values()].flatMap(({ stream, type, data, ordinals }) =>
      bounded(rangesOf(ordinals)).map((units) => ({ stream, type, data: { units, ...data } })),
    );
  }
}

/** Ranges cut into parts that name at most {@link JOBS_PER_EVENT} jobs each. */
const bounded = (ranges: Ranges): Ranges[] => {
  const parts: (readonly [number, number])[][] = [];
  let count = JOBS_PER_EVENT;
  for (const [first, last] of slicesOf(ranges, JOBS_PER_EVENT)) {
    const size = last - first + 1;
    if (count + size > JOBS_PER_EVENT) {
      parts.push([]);
      count = 0;
    }
    parts.at(-1)?.push([first, last]);
    count += size;
  }
  return parts;
};
