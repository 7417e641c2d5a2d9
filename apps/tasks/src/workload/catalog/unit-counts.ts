import type { DatabaseSync } from 'node:sqlite';
import { type ArrayStatement, arrayStatement } from '#event-sourcing/array-statement.js';
import type { Phase } from '../../engine/phase.js';
import type { Policies } from '../../engine/policies.js';
import type { StatusId } from '../../engine/statuses.js';
import type { Vocabulary, WordId } from '../../engine/words.js';
import type { UnitCounts } from '../workload-kind.js';
import type { WorkloadId } from '../workloads.js';

/** By their words: numbers of words are given as they come, and another read model of the same workload may have met others first. */
const sorted = <Key extends string>(counts: ReadonlyMap<Key, number>): ReadonlyMap<Key, number> =>
  new Map([...counts].sort(([one], [other]) => (one < other ? -1 : 1)));

const add = <Key>(counts: Map<Key, number>, key: Key, n: number): void => {
  counts.set(key, (counts.get(key) ?? 0) + n);
};

/** Reads the engine's counters on one connection: nothing is counted when somebody asks. */
export class UnitCounters {
  private readonly ofWorkload: ArrayStatement<readonly [status: StatusId, n: number]>;
  private readonly byName: ArrayStatement<readonly [name: WordId, status: StatusId, n: number]>;

  constructor(
    database: DatabaseSync,
    private readonly words: Vocabulary,
    private readonly policies: Policies,
  ) {
    this.ofWorkload = arrayStatement(
      database,
      'SELECT status, sum(n) FROM unit_count WHERE workload = ? GROUP BY status',
    );
    this.byName = arrayStatement(
      database,
      `SELECT name, status, sum(n) FROM unit_count LEFT JOIN unit_name_order USING (workload, name)
       WHERE workload = ? GROUP BY name, status HAVING sum(n) > 0 ORDER BY first_index, name`,
    );
  }

  of(workload: WorkloadId): UnitCounts {
    return this.inWords(this.ofWorkload.all(workload));
  }

  inWords(counts: Iterable<readonly [status: StatusId, n: number]>): UnitCounts {
    const byPhase = new Map<Phase, number>();
    const byStatus = new Map<string, number>();
    for (const [status, n] of counts) {
      if (n === 0) continue;
      add(byPhase, this.phaseOf(status), n);
      add(byStatus, this.words.status.wordOf(status), n);
    }
    return { byPhase: sorted(byPhase), byStatus: sorted(byStatus) };
  }

  /** By name of units, in the order of the units. */
  namesOf(workload: WorkloadId): ReadonlyMap<string, ReadonlyMap<string, number>> {
    const names = new Map<string, Map<string, number>>();
    for (const [name, status, n] of this.byName.all(workload)) {
      const word = this.words.name.wordOf(name);
      const counts = names.get(word) ?? new Map<string, number>();
      names.set(word, counts);
      add(counts, this.words.status.wordOf(status), n);
    }
    return new Map([...names].map(([name, counts]) => [name, sorted(counts)]));
  }

  phaseOf(status: StatusId): Phase {
    const { dialect, word, outcome } = this.words.status.of(status);
    return this.policies.of(dialect).phaseOf(word, outcome);
  }
}
