import { rangesOf, rangesPerEvent } from '#contracts/ranges.js';
import type { Ranges, UnitsMoved } from '#contracts/work-events.js';
import type { DecidedEvent } from '#projection/command.js';
import { ordinalOfKey, type UnitKey, workloadOfKey } from '../engine/unit.js';
import type { TaskView } from './view.js';

type Clears = UnitsMoved['clears'];

/** Units chosen by a command, by the stream in which they change. */
export class Chosen {
  private readonly byWorkload = new Map<number, { readonly stream: string; readonly ordinals: number[] }>();
  private size = 0;

  constructor(private readonly view: Pick<TaskView, 'streamOf'>) {}

  get count(): number {
    return this.size;
  }

  add(key: UnitKey): void {
    const workload = workloadOfKey(key);
    const present = this.byWorkload.get(workload);
    const ordinal = ordinalOfKey(key);
    if (present === undefined) this.byWorkload.set(workload, { stream: this.view.streamOf(key), ordinals: [ordinal] });
    else present.ordinals.push(ordinal);
    this.size += 1;
  }

  /** One event per stream and size limit, whatever the number of units. */
  events(type: string, dataFor: (units: Ranges) => object): DecidedEvent[] {
    return [...this.byWorkload.values()].flatMap(({ stream, ordinals }) =>
      rangesPerEvent(rangesOf(ordinals)).map((units) => ({ stream, type, data: dataFor(units) })),
    );
  }
}

export const movedTo =
  (status: string, clears: Clears = []) =>
  (units: Ranges): UnitsMoved => ({ units, status, ...(clears.length > 0 && { clears }) });

/** An event of a single unit. */
export const ofUnit = (view: Pick<TaskView, 'streamOf'>, key: UnitKey, type: string, data: object): DecidedEvent => {
  const ordinal = ordinalOfKey(key);
  return { stream: view.streamOf(key), type, data: { units: [[ordinal, ordinal]], ...data } };
};
