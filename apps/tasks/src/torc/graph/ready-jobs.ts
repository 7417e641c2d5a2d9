import { Heap } from '../../engine/heap.js';
import type { ReadyClass, ReadyEntry, ReadyUnits } from '../../engine/ready.js';
import { type JobRequirements, requirementsOf } from '../job/requirements.js';
import { READY_QUEUE } from '../status-table.js';

/** Entries read from a class at a time. */
const CHUNK_MAX = 256;

/** Ready jobs that need the same. */
export interface ReadyKind {
  readonly ready: ReadyClass;
  readonly needs: JobRequirements;
}

/** The kinds of ready jobs of each workflow. They are read again only when they have changed. */
export class ReadyKinds {
  private version = Number.NaN;
  private byWorkflow = new Map<string, ReadyKind[]>();

  of(units: ReadyUnits, workflow: string): readonly ReadyKind[] {
    if (this.version !== units.version) {
      this.version = units.version;
      this.byWorkflow = new Map();
      for (const ready of units.classes(READY_QUEUE)) {
        const kind = { ready, needs: requirementsOf(ready.requirements) };
        const kinds = this.byWorkflow.get(ready.workload);
        if (kinds === undefined) this.byWorkflow.set(ready.workload, [kind]);
        else kinds.push(kind);
      }
    }
    return this.byWorkflow.get(workflow) ?? [];
  }
}

/** Positive when `one` comes after `other`. */
export type CompareNeeds = (one: JobRequirements, other: JobRequirements) => number;

interface Source {
  readonly kind: ReadyKind;
  /** The next job of the kind. */
  entry: ReadyEntry;
  /** The jobs after it that have been read. */
  entries: readonly ReadyEntry[];
  at: number;
}

/**
 * Walks ready jobs of some kinds: by priority, then as `compare` says, then in order of creation. It looks at the first job of
 * each kind and reads others only as they are taken, so that the cost does not depend on the number of ready jobs.
 */
export class ReadyWalk {
  private readonly heap: Heap<Source>;

  constructor(
    private readonly units: ReadyUnits,
    kinds: readonly ReadyKind[],
    compare: CompareNeeds,
  ) {
    this.heap = new Heap<Source>(
      ({ kind: one, entry: a }, { kind: other, entry: b }) =>
        (b.priority - a.priority || compare(one.needs, other.needs) || a.key - b.key) < 0,
    );
    for (const kind of kinds) {
      const entry = units.head(kind.ready);
      if (entry !== undefined) this.heap.push({ kind, entry, entries: [], at: 0 });
    }
  }

  /** What the next job needs; undefined when there is none. */
  get needs(): JobRequirements | undefined {
    return this.heap.top?.kind.needs;
  }

  take(): ReadyEntry | undefined {
    const { top } = this.heap;
    if (top === undefined) return undefined;
    const { entry } = top;
    if (top.at === top.entries.length) {
      top.entries = this.units.entries(top.kind.ready, entry, CHUNK_MAX);
      top.at = 0;
    }
    const following = top.entries[top.at];
    top.at += 1;
    if (following === undefined) this.heap.dropTop();
    else {
      top.entry = following;
      this.heap.siftDownTop();
    }
    return entry;
  }

  /** Leaves out the next job and all of its kind. */
  skipKind(): void {
    this.heap.dropTop();
  }
}
