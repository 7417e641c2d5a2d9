import type { DatabaseSync } from 'node:sqlite';
import type { DomainError } from '#platform/domain-error.js';
import type { Answer, MessageContext } from '#bus/contract.js';
import { ref, streamName } from '#ledger/ref.js';
import type { DatasetNumberEvents } from '#contracts/iceprod/dataset-events.js';
import type { Mailbox } from '#event-sourcing/mailbox.js';
import type { AppliedEvent, Projection } from '#event-sourcing/projection.js';

/** One stream numbers all datasets: its expected revision makes each number unique, however many processes write. */
const NUMBERS_REF = ref('iceprod', 'main', 'dataset-numbers');
const NUMBERS_STREAM = streamName('directory', NUMBERS_REF);

/** The last number that was reserved. */
export const datasetNumbersProjection: Projection = {
  name: 'dataset-numbers',
  version: 1,
  streamPrefixes: [NUMBERS_STREAM],
  eventTypes: ['DatasetNumberReserved'],
  tables: 'CREATE TABLE dataset_number (only INTEGER PRIMARY KEY CHECK (only = 1), last INTEGER NOT NULL)',
  indexes: '',
  attach: (database) => {
    const set = database.prepare(
      `INSERT INTO dataset_number (only, last) VALUES (1, ?)
       ON CONFLICT DO UPDATE SET last = max(last, excluded.last)`,
    );
    return {
      apply: ({ data }: AppliedEvent) => void set.run(Number(data['dataset'])),
      forget: () => {
        // There is no state besides the table.
      },
    };
  },
};

/** Gives each dataset its human number: unique, ascending, never given again. */
export class DatasetNumbers {
  private readonly selectLast;

  constructor(
    private readonly mailbox: Mailbox,
    /** The connection that deciders read. */
    writer: DatabaseSync,
    private readonly first: number,
  ) {
    this.selectLast = writer.prepare('SELECT last FROM dataset_number');
  }

  /**
   * Reserves the next number, before the dataset is submitted and in a command of its own: if the process ends in between,
   * a number is lost, but none is ever given twice. A repeat of the submission gets the same number.
   *
   * @param refusal what speaks against the submission by the state at this time: then it gets no number
   */
  reserve(
    context: MessageContext,
    timeMicros: number,
    refusal: () => DomainError | undefined,
  ): Promise<Answer<{ readonly dataset: number }>> {
    const { commandId } = context;
    return this.mailbox.execute({
      context: commandId === undefined ? context : { ...context, commandId: `${commandId}/number` },
      timeMicros,
      decide: () => {
        const data: DatasetNumberEvents['DatasetNumberReserved'] = { dataset: this.next() };
        return refusal() ?? { events: [{ stream: NUMBERS_STREAM, type: 'DatasetNumberReserved', data }], reply: data };
      },
    });
  }

  private next(): number {
    const last = this.selectLast.get()?.['last'];
    return last === undefined ? this.first : Math.max(Number(last) + 1, this.first);
  }
}
