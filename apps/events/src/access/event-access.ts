import { Injectable } from '@nestjs/common';
import type { Caller } from '#bus/contract.js';
import { type AccessRule, authorizeByRule, bypassesRules, isPrivileged } from '#contracts/access.js';
import { isWorkerOnly } from '#contracts/leases.js';
import { StoredAccessRules } from '#event-sourcing/access-rules.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { type Dialect, partsOfStream } from '#ledger/ref.js';
import type { Readers } from '../dialect.js';
import { DIALECTS } from '../dialects.js';

/** Who may read the events of a stream: as {@link Readers}, with the rule itself. A workload that has no rule is for administrators. */
export type StreamReaders = Exclude<Readers, 'rule'> | AccessRule;

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

  readersOf(stream: string): StreamReaders {
    const { category, dialect, namespace, ref } = partsOfStream(stream);
    const readers = readersByDialect.get(dialect)?.(category, namespace) ?? 'administrators';
    return readers === 'rule' ? (this.rules.ruleOf(ref) ?? 'administrators') : readers;
  }

  mayRead(stream: string, caller: Caller): boolean {
    return mayBeReadBy(this.readersOf(stream), caller);
  }
}

/** Whether a caller is one of the readers. Programs that only run units read no history. */
export const mayBeReadBy = (readers: StreamReaders, caller: Caller): boolean => {
  if (isWorkerOnly(caller)) return false;
  if (isPrivileged(caller) || readers === 'everyone') return true;
  if (readers === 'administrators') return false;
  return bypassesRules(caller) || authorizeByRule(readers, 'read', caller.username, caller.groups) === undefined;
};
