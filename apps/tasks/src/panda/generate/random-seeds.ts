import type { FilesAdded } from '#contracts/panda/events.js';
import type { JobTemplate } from '#contracts/panda/template.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { PandaView, Task } from '../view.js';
import type { Numbers } from './numbers.js';

/** Seeds fail with the records that they were used for, never by themselves. */
const MAX_ATTEMPT = 1_000_000;

/** A record of a random seed dataset. */
export interface Seed {
  readonly id: number;
  readonly value: number;
}

/** Seeds for the jobs of one change: those that failed jobs have given back, then new ones (PanDA contract 9.3). */
export class RandomSeeds {
  private readonly seeds: Iterator<Seed>;
  private readonly added: DecidedEvent[] = [];

  /** @param count how many jobs there may be */
  constructor(
    view: Pick<PandaView, 'dataset' | 'usableFiles'>,
    task: Task,
    { inputs, number_offsets: offsets }: JobTemplate,
    numbers: Numbers,
    count: number,
  ) {
    const input = inputs.find(({ type }) => type === 'random_seed');
    const dataset = input === undefined ? undefined : view.dataset(input.dataset_id);
    if (input === undefined || dataset === undefined) {
      this.seeds = [][Symbol.iterator]();
      return;
    }
    const usable = view.usableFiles(dataset, count);
    const first = dataset.nFiles + 1 + (offsets?.['RNDMSEED'] ?? input.offset ?? 0);
    const fresh = Array.from({ length: count - usable.length }, (_, at): Seed => {
      return { id: numbers.take('file'), value: first + at };
    });
    this.seeds = [...usable.map(({ id, firstEvent }): Seed => ({ id, value: firstEvent ?? 0 })), ...fresh].values();
    const [begin] = fresh;
    if (begin === undefined) return;
    const data: FilesAdded = {
      ...{ dataset_id: dataset.id, first_file_id: begin.id, status: 'ready', max_attempt: MAX_ATTEMPT },
      files: fresh.map(({ value }) => ({ lfn: String(value), first_event: value })),
    };
    this.added.push({ stream: task.stream, type: 'FilesAdded', data });
  }

  next(): Seed | undefined {
    const step = this.seeds.next();
    return step.done === true ? undefined : step.value;
  }

  /** In front of the events of the jobs that take the seeds. */
  get events(): readonly DecidedEvent[] {
    return this.added;
  }
}
