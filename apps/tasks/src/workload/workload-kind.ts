import type { DatabaseSync } from 'node:sqlite';
import type { Dialect } from '#ledger/ref.js';
import type { AppliedEvent } from '#event-sourcing/projection.js';
import type { Phase } from '../engine/phase.js';
import type { UnitKey } from '../engine/unit.js';

/** How many units a workload has of each phase, and of each status of its dialect. Those of which it has none may be missing. */
export interface UnitCounts {
  readonly byPhase: ReadonlyMap<Phase, number>;
  readonly byStatus: ReadonlyMap<string, number>;
}

/** What is kept of a workload besides its units. */
export interface WorkloadFacts {
  /** What people call it; may be empty. */
  readonly name: string;
  /** Name of the user whom it belongs to; may be empty. */
  readonly owner: string;
  /** In the dialect's words; empty where its units alone decide. */
  readonly status: string;
  /** Units that it is to have in the end; 0 when that is not known. */
  readonly expected: number;
  /** Whether the creation of its units was ended for good. */
  readonly isTruncated: boolean;
}

/** What an event does to a workload itself. */
export type WorkloadChange =
  | { readonly what: 'created'; readonly facts: WorkloadFacts }
  | { readonly what: 'changed'; readonly facts: Partial<WorkloadFacts> };

export interface WorkloadState {
  readonly status: string;
  readonly phase: Phase;
}

/** How far a workload has come, in whatever it counts. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** The worker that runs a unit, as far as the dialect's units know it. */
export interface UnitWorker {
  readonly worker_id?: string;
  readonly host?: string;
}

/** Why the last run of a unit has failed, by the event that says so. Undefined: what the event gives as its reason. */
export type FailureReason = (key: UnitKey, event: AppliedEvent) => string | undefined;

/** What a dialect says of its workloads, so that those of all dialects are listed alike. */
export interface WorkloadKind {
  /** Types of the events that tell of the workload itself. Those that tell of units are known. */
  readonly eventTypes: readonly string[];
  /** Type of the event that deletes a workload, where they can be deleted; it is not among the others. */
  readonly deletedBy?: string;
  /** Undefined when the event changes nothing of what is kept. */
  changeOf(event: AppliedEvent): WorkloadChange | undefined;
  stateOf(facts: Pick<WorkloadFacts, 'status' | 'isTruncated'>, units: UnitCounts): WorkloadState;
  /** Who may read a workload: whoever has a token, or whom its access rule lets. Without a rule nobody lists it, or with `rule-if-any` everyone. */
  readonly readers: 'everyone' | 'rule' | 'rule-if-any';
  /**
   * Its own measure of progress by the public id of a workload, where units that have succeeded are none. Undefined: units count after all.
   * Whatever changes it must be among the {@link eventTypes}.
   */
  progressOn?(database: DatabaseSync): (name: string) => Progress | undefined;
  /** What people call a unit, where that differs from unit to unit. */
  unitTitlesOn?(database: DatabaseSync): (key: UnitKey) => string | undefined;
  /** The workers of claimed and running units, in dialects whose workers are not known to the pilots service by their units. */
  workersOn?(database: DatabaseSync): (key: UnitKey) => UnitWorker | undefined;
  /** Where events do not give reasons as texts. */
  failureReasonOn?(database: DatabaseSync): FailureReason;
}

/** The workloads of all dialects. */
export class WorkloadKinds {
  constructor(private readonly byDialect: Readonly<Partial<Record<Dialect, WorkloadKind>>>) {}

  get all(): readonly (readonly [Dialect, WorkloadKind])[] {
    return Object.entries(this.byDialect) as [Dialect, WorkloadKind][];
  }

  /** Types of the events that delete workloads. */
  get deletionTypes(): readonly string[] {
    return this.all.flatMap(([, { deletedBy }]) => deletedBy ?? []);
  }

  of(dialect: Dialect): WorkloadKind | undefined {
    return this.byDialect[dialect];
  }
}

/** The first of which it has units is its own. */
const OPEN: readonly Phase[] = ['running', 'claimed', 'ready', 'blocked'];
const ENDS: readonly Phase[] = ['failed', 'cancelled', 'succeeded'];

/** The state of a workload whose units alone decide: its status word is its phase. */
export const stateByUnits = ({ byPhase }: UnitCounts): WorkloadState => {
  const has = (phase: Phase): boolean => (byPhase.get(phase) ?? 0) > 0;
  const open = OPEN.find(has);
  const ended = ENDS.find(has) ?? 'held';
  const phase = open === 'claimed' ? 'running' : (open ?? ended);
  return { status: phase, phase };
};
