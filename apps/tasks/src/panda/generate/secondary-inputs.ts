import type { InputTemplate } from '#contracts/panda/template.js';
import type { Dataset, PandaView, TaskFile } from '../view.js';
import { eventsOf } from './chunks.js';

/** Files of a secondary input that one change looks at. */
const FILES_MAX = 10_000;

/** Gives jobs files of a secondary input (PanDA contract 9.4, step 1). One object per change. */
export class SecondaryInput {
  private readonly files: readonly TaskFile[];
  /** Of the next file; beyond the end of the list when it has been used more than once. */
  private at: number;

  /** @param jobsBefore how many jobs the task has made: those of a reusable input go on where the last one stopped */
  constructor(
    view: Pick<PandaView, 'usableFiles'>,
    readonly template: InputTemplate,
    dataset: Dataset,
    jobsBefore: number,
  ) {
    this.files = view.usableFiles(dataset, FILES_MAX);
    this.at = template.is_reusable === true ? jobsBefore * (template.files_per_job ?? 1) : 0;
  }

  /** The files that go with some records of the master; undefined when there are not enough. */
  take(records: readonly TaskFile[]): readonly TaskFile[] | undefined {
    const { files_per_job: perJob, ratio, event_ratio: eventRatio, is_reusable: isReusable } = this.template;
    if (this.files.length === 0) return undefined;
    const count = perJob ?? (eventRatio === undefined ? Math.ceil(records.length * (ratio ?? 1)) : undefined);
    const events = count === undefined ? totalEvents(records) * (eventRatio ?? 1) : undefined;
    const taken: TaskFile[] = [];
    let takenEvents = 0;
    for (let at = this.at; taken.length < (count ?? this.files.length) && takenEvents < (events ?? Infinity); at += 1) {
      const file = this.files[isReusable === true ? at % this.files.length : at];
      if (file === undefined) return undefined;
      taken.push(file);
      takenEvents += eventsOf(file) ?? file.nEvents ?? 1;
    }
    this.at += taken.length;
    return taken;
  }
}

const totalEvents = (records: readonly TaskFile[]): number =>
  records.reduce((sum, record) => sum + (eventsOf(record) ?? record.nEvents ?? 0), 0);
