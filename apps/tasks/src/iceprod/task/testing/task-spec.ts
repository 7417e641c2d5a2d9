import { DomainError } from '#platform/domain-error.js';
import type { DecidedEvent, Decision, SlicedDecision } from '#event-sourcing/command.js';
import type { Unit } from '../../../engine/unit.js';
import { addTask } from '../add.js';
import type { TaskView } from '../view.js';
import { MemoryView } from './memory-view.js';

/** When the tested commands come; what is given happened before. */
export const NOW_MICROS = 1_767_225_600_000_123;

type Fields = Partial<Omit<Unit, 'key' | 'id' | 'workload'>>;

const isSliced = <Reply>(decision: Decision<Reply> | SlicedDecision<Reply>): decision is SlicedDecision<Reply> =>
  'next' in decision;

/** Runs a decision that yields to its end. */
export const finished = <Reply>(decision: Decision<Reply> | SlicedDecision<Reply>): Decision<Reply> => {
  if (!isSliced(decision)) return decision;
  let step = decision.next();
  while (step.done !== true) step = decision.next();
  return step.value;
};

/** What a command led to. */
export interface Outcome {
  readonly events: readonly DecidedEvent[];
  /** The reply when all appends have succeeded. */
  readonly reply: unknown;
  readonly error: string | undefined;
}

/** Given some tasks, when a command comes, then these facts follow. */
export class TaskSpec {
  readonly view = new MemoryView();
  private clockMicros = NOW_MICROS - 1_000_000;

  /** A task of dataset `d` (or the one named in its id, as in `e/1`). */
  given(id: string, fields: Fields = {}): this {
    const datasetId = id.includes('/') ? id.slice(0, id.indexOf('/')) : 'd';
    const added = addTask(
      this.view,
      {
        ...{
          dataset_id: datasetId,
          job_id: fields.group ?? 'j',
          name: fields.name ?? 'n',
          task_index: 0,
          job_index: 0,
        },
        ...{ depends: JSON.parse(fields.depends ?? '[]') as string[], requirements: fields.requirements ?? '{}' },
      },
      id,
    );
    if (added instanceof DomainError) throw added;
    for (const event of added.events) this.view.apply(event, (this.clockMicros += 1));
    const unit = this.view.unit(id);
    if (unit !== undefined) this.view.units.set(unit.key, { ...unit, ...fields });
    return this;
  }

  dataset(id: string, state: { readonly status?: string; readonly debug?: boolean }): this {
    this.view.datasets.set(id, { status: state.status ?? 'processing', debug: state.debug ?? false });
    return this;
  }

  when<Reply>(decide: (view: TaskView, timeMicros: number) => Decision<Reply> | SlicedDecision<Reply>): Outcome {
    const decision = finished(decide(this.view, NOW_MICROS));
    if (decision instanceof DomainError) return { events: [], reply: undefined, error: decision.message };
    for (const event of decision.events) this.view.apply(event, NOW_MICROS);
    const streams = new Set(decision.events.map(({ stream }) => stream));
    const { reply, events } = decision;
    const given: unknown =
      typeof reply === 'function' ? (reply as (streams: ReadonlySet<string>) => Reply)(streams) : reply;
    return { events, reply: given, error: undefined };
  }

  task(id: string): Unit {
    const unit = this.view.unit(id);
    if (unit === undefined) throw new Error(`No task ${id}`);
    return unit;
  }
}
