import { Injectable } from '@nestjs/common';
import type { Caller } from '#bus/contract.js';
import { type EventReaders, mayBeReadBy } from '#contracts/event-readers.js';
import { StoredAccessRules } from '#event-sourcing/access-rules.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { type Dialect, partsOfStream } from '#ledger/ref.js';
import { DIALECTS } from '../dialects.js';

const readersByDialect = new Map<Dialect, (typeof DIALECTS)[number]['readersOf']>(
  DIALECTS.map(({ name, readersOf }) => [name, readersOf]),
);

/** Decides who may see which events: the same people who may read the data that the events changed. */
@Injectable()
export class EventAccess {
  private readonly rules: StoredAccessRules;

  constructor(readModel: ReadModel) {
    this.rules = new StoredAccessRules(readModel.queries, () => readModel.commits);
  }

  /** A workload that has no rule is for administrators. */
  readersOf(stream: string): EventReaders {
    const { category, dialect, namespace, ref } = partsOfStream(stream);
    const readers = readersByDialect.get(dialect)?.(category, namespace) ?? 'administrators';
    return readers === 'rule' ? (this.rules.ruleOf(ref) ?? 'administrators') : readers;
  }

  mayRead(stream: string, caller: Caller): boolean {
    return mayBeReadBy(this.readersOf(stream), caller);
  }
}
