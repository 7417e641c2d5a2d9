import { Injectable } from '@nestjs/common';
import type { Caller } from '#bus/contract.js';
import { VISIBLE_WITHIN_MS } from '#bus/visibility.js';
import { accessDenied, isLimiting } from '#contracts/access.js';
import { type EventReaders, mayBeReadBy } from '#contracts/event-readers.js';
import { StoredAccessRules } from '#event-sourcing/access-rules.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { partsOfStream, streamName } from '#ledger/ref.js';
import { dialectNamed } from '../dialects.js';

/** Decides who may see which events: the same people who may read the data that the events changed. */
@Injectable()
export class EventAccess {
  private readonly rules: StoredAccessRules;

  constructor(private readonly readModel: ReadModel) {
    this.rules = new StoredAccessRules(readModel.queries, () => readModel.commits);
  }

  /** Resolves when the rules hold that the ledger holds now, or a little later with what holds then. */
  async showHead(): Promise<void> {
    await this.readModel.waitForHead(VISIBLE_WITHIN_MS);
  }

  /** A workload that has no rule is for administrators. */
  readersOf(stream: string): EventReaders {
    const { category, dialect, namespace, ref } = partsOfStream(stream);
    const readers = dialectNamed(dialect)?.readersOf(category, namespace) ?? 'administrators';
    if (readers === 'everyone' || readers === 'administrators') return readers;
    const rule = this.rules.ruleOf(ref);
    if (readers === 'rule') return rule ?? 'administrators';
    return rule !== undefined && isLimiting(rule) ? rule : 'everyone';
  }

  mayRead(stream: string, caller: Caller): boolean {
    return mayBeReadBy(this.readersOf(stream), caller);
  }

  /** @throws DomainError when the caller may not read the workload */
  checkWorkload(ref: string, caller: Caller): void {
    const { dialect } = partsOfStream(streamName('workload', ref));
    const category = dialectNamed(dialect)?.workloads ?? 'workload';
    if (!this.mayRead(streamName(category, ref), caller)) throw accessDenied();
  }
}
